"""Bundle and graph to answers: numpy and Cypher, no torch."""
