-- What lists need, so that they cost the same however many clones there are.

-- Deleted clones stay in the table for ever, and most lists and watches leave them out.
create index clone_active on clone (owner_id, id) where deleted_at is null;
create index clone_active_of_all on clone (id) where deleted_at is null;

-- The few clones of a phase among an owner's, and among all.
create index clone_phase_of_owner on clone (owner_id, phase, id);
create index clone_phase_of_all on clone (phase, id);

-- Names by their beginning, and in their order, by bytes.
create index clone_name_of_owner on clone (owner_id, name collate "C", id);
