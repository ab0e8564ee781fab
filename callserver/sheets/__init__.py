"""Tables in files that people exchange: CSV, TSV, XLSX. What the columns mean is no business of this room."""
