"""Whoever looks for the tests of a module finds them: in the file of its name, or in one that a table here names."""

from __future__ import annotations

from tests.support import ROOT

TESTED_IN = {
    "benchmarks/protocols/test_completion": "benchmarks/systems/probable_facts",
    "benchmarks/protocols/test_facts": "benchmarks/protocols/pykeen_process",
    "benchmarks/runs/test_run_cache": "benchmarks/runs/outcome",
    "benchmarks/systems/test_registry": "benchmarks/systems/implicit_models benchmarks/systems/pairwise testing/system",
    "benchmarks/systems/test_next_item_training": "benchmarks/systems/early_stopping benchmarks/systems/gru4rec "
    "benchmarks/systems/sasrec",
    "benchmarks/test_benchmark": "benchmarks/command benchmarks/protocols/split "
    "benchmarks/runs/cost benchmarks/runs/fingerprints",
    "benchmarks/service/test_request_load": "benchmarks/service/served",
    "bundle/test_bundle": "bundle/files",
    "live/test_events_killed": "benchmarks/service/kills",
    "cli/commands/test_export_person": "cli/person_report",
    "cli/commands/test_forget": "cli/personal_places graph/people_in_graph service/people_in_keys",
    "cli/commands/test_recommend": "cli/arguments cli/options",
    "cli/test_bad_input": "cli/output",
    "cli/test_long_work": "cli/commands/demo cli/commands/evaluate cli/commands/train cli/film_demo cli/measurements",
    "data/test_dataset": "data/vocabulary",
    "evaluation/test_baseline_tuning": "evaluation/compared_system",
    "benchmarks/runs/test_results_page": "benchmarks/runs/lists_section benchmarks/runs/published_figures",
    "explanation/test_explainer": "explanation/evidence_paths graph/store_link",
    "explanation/wording/test_plan": "explanation/terms explanation/wording/sentence_parts",
    "explanation/wording/test_sentence": "explanation/wording/chinese explanation/wording/english "
    "explanation/wording/lists",
    "extract/draft/test_schema_draft": "extract/draft/column_profiles extract/draft/described_nodes "
    "extract/draft/drafting extract/draft/interaction_types extract/draft/item_links extract/draft/node_types "
    "extract/draft/refusal extract/draft/table_links",
    "extract/identity/test_alignment": "extract/identity/matching_rules extract/identity/source_records",
    "extract/test_checks": "extract/check_counts",
    "extract/test_extraction": "data/records extract/sources",
    "graph/cypher/test_pasteable": "graph/cypher/look_ups",
    "graph/test_hostile_strings": "graph/cypher/schema_names",
    "graph/test_ingest": "graph/ingest_report",
    "graph/test_paths": "graph/cypher/path_statements",
    "parallel/test_executor": "parallel/blocks parallel/board parallel/shared_values testing/executed_calls",
    "learn/channels/test_behaviour": "learn/channels/behaviour_search learn/channels/behaviour_weights",
    "learn/channels/test_ease": "learn/channels/linear_systems",
    "learn/channels/test_plugin_channels": "testing/channel",
    "learn/encoders/test_transformer": "learn/encoders/model_package",
    "learn/fusion/test_gate_search": "learn/fusion/candidate_scores",
    "learn/neural/test_trainer": "learn/neural/epoch_loop",
    "learn/neural/test_hetero_graph": "learn/neural/message_passing learn/neural/quiet_pyg",
    "learn/test_fit": "learn/fit_result",
    "loaders/test_benchmark_folder": "loaders/benchmark_columns loaders/benchmark_graph loaders/benchmark_tables",
    "loaders/test_folder_stream": "data/messages testing/event_stream",
    "loaders/test_tables": "loaders/jsonl",
    "metrics/test_rankers": "testing/ranker",
    "pages/test_demo_page": "pages/demo_report pages/style",
    "graph/stores/test_kglite_bulk": "graph/stores/import_spool graph/stores/relationship_files",
    "recommendation/test_publishing": "graph/cypher/publication_statements recommendation/batch",
    "recommendation/test_publishing_interrupted": "graph/publication",
    "recommendation/test_recommender": "recommendation/answer_types recommendation/documents recommendation/fold_in",
    "recommendation/test_opening": "recommendation/graph_of_bundle",
    "live/test_event_log": "live/log_lock",
    "live/test_intake": "recommendation/recent_events",
    "schema/test_load": "schema/forms schema/origins schema/yaml_lines",
    "schema/test_person_checks": "schema/identity_rules",
    "scoring/test_matrices": "testing/item_matrix",
    "scoring/test_model": "scoring/channel_names scoring/histories scoring/history_weights scoring/spread",
    "service/processes/test_forked_service": "service/processes/serving_settings service/processes/worker_template",
    "service/test_app": "service/answer_models service/answers service/requests service/score service/similar",
    "service/test_guard": "service/access",
    "service/test_users": "service/audit",
    "test_pipeline": "cli/commands/inspect learn/bundle_assembly",
    "test_readme": "tools/readme_results",
    "testing/test_graph_store": "graph/about_user graph/cypher/link_statements graph/cypher/statements "
    "graph/store graph/store_types testing/account_links "
    "graph/stores/arrow_export graph/stores/cypher_store graph/stores/kglite_store graph/stores/write_batches "
    "testing/graph_exporter testing/graph_publisher testing/graph_reader testing/graph_writer testing/open_graph "
    "testing/sample_graph",
    "testing/test_text_encoder": "learn/encoders/protocol",
    "benchmarks/service/test_stream_kills": "benchmarks/service/stream_brokers",
    "loaders/test_kafka_stream": "tools/kafka/broker",
    "loaders/test_redis_stream": "tools/redis_server",
    "tools/neo4j/test_server": "tools/neo4j/docker tools/neo4j/jars tools/neo4j/running tools/published_jars",
}
"""Test file to the modules that are tested there, because they have a meaning only in what is made of them."""

NOT_TESTED = {
    "benchmarks/answer_speed": "measures for minutes; run by hand",
    "benchmarks/large_catalogue": "measures for hours; run by hand",
    "benchmarks/large_log": "measures for hours; run by hand",
    "benchmarks/retrieval_speed": "measures for minutes; run by hand",
    "benchmarks/neo4j_speed": "measures for minutes; run by hand",
    "benchmarks/training_speed": "measures for minutes; run by hand",
    "benchmarks/recbole/models": "runs in the environment of RecBole",
    "benchmarks/recbole/race": "runs in the environment of RecBole",
}


def modules() -> set[str]:
    """Every module, as a path within ``tests/``: kgrec's rooms stand there without ``kgrec/``."""
    paths = [path for folder in ("kgrec", "benchmarks", "loaders", "tools") for path in (ROOT / folder).rglob("*.py")]
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths if not path.stem.startswith("__")]
    return {name.removeprefix("kgrec/") for name in names}


def has_a_file_of_its_name(module: str) -> bool:
    """Tests of one module may be in several files, ``test_NAME.py`` and ``test_NAME_SUBJECT.py``."""
    room, _, name = f"tests/{module}".rpartition("/")
    return any((ROOT / room).glob(f"test_{name}.py")) or any((ROOT / room).glob(f"test_{name}_*.py"))


def test_every_module_has_its_tests() -> None:
    elsewhere = {module for names in TESTED_IN.values() for module in names.split()}
    alone = {module for module in modules() if not has_a_file_of_its_name(module)}
    assert sorted(alone - elsewhere - NOT_TESTED.keys()) == [], "has no test file of its name"
    assert sorted((elsewhere | NOT_TESTED.keys()) - alone) == [], "has a test file of its name, or is gone"


def test_the_table_names_files_that_are_there() -> None:
    assert [name for name in TESTED_IN if not (ROOT / f"tests/{name}.py").is_file()] == []
