"""The report page: one HTML file about several runs, which needs no network.

May stand here: what a section of the page shows (`sections`), how its blocks become HTML and
charts, and the page's own templates, styles and scripts. Figures come from `reports`; runs are
found and read by `interface`.
"""
