-- Local time is the schedule's: minutes east of UTC at departure and at arrival. Null: as the table of airports has it, as of
-- routes that were imported before.
alter table route
    add departs_offset smallint check (departs_offset between -1440 and 1440),
    add arrives_offset smallint check (arrives_offset between -1440 and 1440),
    add check ((departs_offset is null) = (arrives_offset is null));
