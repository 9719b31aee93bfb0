"""Reports: one self-contained HTML file per run; the only room of training that names Plotly."""
