"""What travels between the rooms: records, id vocabularies, arrays, splits, plug-ins, the context of a question."""
