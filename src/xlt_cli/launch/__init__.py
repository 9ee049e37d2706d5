"""Performing runs: in this process, or as jobs that a launcher gets done.

May stand here: a run from preflight to its last evaluation; manifests, what a launcher is given and
what it tells, and what a job's process leaves. Which runs there are is decided in `sweep` and
`reproduce`; when and where a job runs, by the launcher, which is a plugin.
"""
