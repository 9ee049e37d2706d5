"""From a model and rows to stored predictions, cell by cell.

May stand here: prediction, what is done to a cell's inputs, whether rows were held out, notes
beside figures. Figures are computed in `reports`, from what is stored.
"""
