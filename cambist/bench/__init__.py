"""What is measured: each claim of speed is a row that `cambist bench` prints."""
