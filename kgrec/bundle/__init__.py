"""The artefact of training: a folder that opens safely, without pickle."""
