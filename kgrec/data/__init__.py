"""What travels between the rooms: records, id vocabularies, arrays, splits, the context of a question."""
