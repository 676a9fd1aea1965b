"""The commands of the command line, one file each; `cambist.cli` has the table of them.

All files load to list the commands, so what a command needs beyond config and model is imported when it runs.
"""
