"""The publication programme: protocols on public data sets beside rival systems; not needed to run kgrec."""
