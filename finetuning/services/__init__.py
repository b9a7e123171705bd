"""What is done with runs and models; each function is complete and leaves the database consistent.

`runs` moves a run through its states, `lineage` knows which stories teach which model, `promotion`
puts models into service, `storage` minds the disk.
"""
