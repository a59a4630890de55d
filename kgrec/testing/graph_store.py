"""What every graph store promises, as tests: all that is promised of readers, writers, exporters and publishers."""

from __future__ import annotations

from kgrec.testing.account_links import AccountLinksContract
from kgrec.testing.graph_exporter import GraphExporterContract
from kgrec.testing.graph_publisher import GraphPublisherContract
from kgrec.testing.graph_reader import GraphReaderContract
from kgrec.testing.graph_writer import GraphWriterContract


class GraphStoreContract(
    GraphReaderContract, GraphWriterContract, GraphExporterContract, GraphPublisherContract, AccountLinksContract
):
    """Tests of a database; a subclass whose name starts with ``Test`` says where an empty one is.

    .. code-block:: python

        class TestMyStore(GraphStoreContract):
            @pytest.fixture
            def url(self, tmp_path: Path) -> str:
                return f"mine:{tmp_path / 'graph'}"
    """
