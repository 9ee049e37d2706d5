"""Task plugins: published data sets, a demonstration, and two for anyone's own files.

nli/, paraphrase.py, sib200.py, news.py, sentiment.py, entities.py, intents.py,
similarity.py
                               published tasks, each a class that states its files (file_tasks/)
xnli.py, pawsx.py, panx.py     older ones, from a folder or from the hub (published.py)
text_classification.py         one's own files, one or two texts and a label
text_regression.py             one's own files, one or two texts and a number
token_labelling.py             one's own files, a tag for each word
own_files.py                   their parameters: how files are named and written
mini_pawsx_task.py             generated pairs (mini_pawsx/) that need no files
sources/                       files and repositories -> records, with the place of each
examples/                      records -> the examples of a problem, checked
"""
