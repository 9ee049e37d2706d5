"""Behavioural tests from templates, after CheckList (Ribeiro et al. 2020).

`templates` is the format of a file, `reading` reads one and says what is wrong with it, `cases`
fills the slots, and `task` makes rows. The analysis of the same name, in `xlt_analyses.checklist`,
reports which tests a model fails.
"""
