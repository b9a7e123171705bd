"""Our page beside a bare relay, in front of the same scripted model server, in one run.

`__main__` has the loads, `processes` what runs, `writers` the clients, `measuring` a run of them,
`figures` what is found, `report` its tables.
"""
