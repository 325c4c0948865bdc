-- Hot path 3 of 0001, as it was, and now for people who were found to be somebody else of this board: a form that was open, or a report that
-- waited on a device, may name the row that they were.
create or replace function submit_report(
  board uuid, school uuid, report uuid, idem uuid, print bytea, facts jsonb,
  reporter_tag bytea, reporter_sealed bytea, body_sealed bytea, words_sealed bytea,
  involvement_ids uuid[], roles text[], persons uuid[], typed bytea[], session uuid, reporter uuid, token_holds boolean)
returns table (id uuid, received_at timestamptz, standing text, fresh boolean)
language plpgsql as $$
declare
  today date := (facts ->> 'today')::date;
  stands text := facts ->> 'standing';
  kind text := facts ->> 'reporterKind';
  faults text[] := '{}';
  known uuid[] := '{}';
  homes uuid[] := '{}';
  somebody_unknown boolean := false;
begin
  -- Planned once a connection: the plans never depend on the values, and making them anew costs more than running them.
  perform set_config('app.board', board::text, true), set_config('plan_cache_mode', 'force_generic_plan', true);

  if session is not null then
    select case when token_holds and p.active and s."endedAt" is null and s."endsAt" > now() then 'SIGNED' else 'EXPIRED' end,
           coalesce((select case min(case a.role when 'pupil' then 1 when 'staff' then 2 when 'parent' then 3 else 4 end)
                              when 1 then 'PUPIL' when 2 then 'STAFF' when 3 then 'PARENT' else 'OTHER' end
                     from "Affiliation" a
                     where a."boardId" = board and a."personId" = coalesce(p."mergedIntoId", reporter) and a."schoolId" = school
                       and a.status = 'active'), 'OTHER')
    into stands, kind
    from "Session" s join "Person" p on p."boardId" = s."boardId" and p.id = s."personId"
    where s."boardId" = board and s.id = session and s."personId" = reporter and s."schoolId" = school;
    if not found then
      stands := 'UNSIGNED';
      kind := facts ->> 'reporterKind';
      faults := array['session-unknown'];
      persons := array_replace(persons, reporter, null);
      reporter_tag := null;
      reporter_sealed := null;
    end if;
  end if;

  if cardinality(persons) > 0 then
    -- Who was found to be somebody else since the form was opened is that one (Person.mergedIntoId).
    persons := array(
      select coalesce((select p."mergedIntoId" from "Person" p where p."boardId" = board and p.id = i.person), i.person)
      from unnest(persons) with ordinality as i (person, ord)
      order by i.ord);
    select array_agg(k.person order by i.ord), array_agg(k.home order by i.ord), bool_or(i.person is not null and k.person is null)
    into known, homes, somebody_unknown
    from unnest(persons) with ordinality as i (person, ord)
    -- "offset 0" holds the planner to the index on the person: without statistics it would walk through the whole school instead.
    left join lateral (
      select i.person as person,
             (select m."groupId"
              from (select * from "Membership" where "boardId" = board and "personId" = i.person offset 0) m
              join "Group" g on g."boardId" = m."boardId" and g.id = m."groupId" and g.kind = 'homeroom'
              where m."schoolId" = school and m.role = 'pupil'
                and m."startsOn" <= today and (m."endsOn" is null or m."endsOn" > today)
              -- Where a source has somebody in two, the same one every time, and none that is closed.
              order by g.active desc, m."startsOn" desc, g.id limit 1) as home
      from (select * from "Affiliation" where "boardId" = board and "personId" = i.person offset 0) a
      where a."schoolId" = school and a.status = 'active' and a.role in ('pupil', 'staff')
      limit 1) k on true;
    if somebody_unknown then
      faults := faults || 'unknown-person'::text;
    end if;
  end if;

  insert into "Report" (
    "boardId", id, "schoolId", "idemKey", "bodyPrint", "receivedAt", "visibleFrom", standing, "reporterKind", "reporterTag",
    "reporterSealed", "bodySealed", "wordsSealed", behaviours, "targetKind", place, moment, "happenedOn", precision, frequency,
    severity, "helpedBy", wish, "dangerNow", urgent, problems)
  select
    board, report, school, idem, print, f."receivedAt", f."visibleFrom", stands, kind, reporter_tag,
    reporter_sealed, body_sealed, words_sealed, f.behaviours, f."targetKind", f.place, f.moment, f."happenedOn", f.precision, f.frequency,
    f.severity, f."helpedBy", f.wish, f."dangerNow", f.urgent,
    f.problems || faults || case
      when exists (select from "Report" r where r."boardId" = board and r."idemKey" = idem and r."bodyPrint" <> print)
      then array['same-key-other-body'] else '{}' end
  from jsonb_to_record(facts) as f (
    "receivedAt" timestamptz, "visibleFrom" timestamptz, behaviours text[], "targetKind" text, place text, moment text, "happenedOn" date,
    precision text, frequency text, severity int, "helpedBy" text[], wish text, "dangerNow" boolean, urgent boolean, problems text[])
  on conflict ("boardId", "idemKey", "bodyPrint") do nothing
  returning "Report"."receivedAt" into received_at;

  if found then
    insert into "Involvement" ("boardId", id, "reportId", role, "personId", "groupId", "typedSealed")
    select board, i.id, report, i.role, i.person, i.home, i.typed
    from unnest(involvement_ids, roles, known, homes, typed) as i (id, role, person, home, typed);
    -- No actor: the log is read by people who may not know who told.
    insert into "AuditEntry" ("boardId", id, actor, action, object, outcome)
    values (board, gen_random_uuid(), 'reporter', 'report.submit', report::text, 'done');
    id := report;
    standing := stands;
    fresh := true;
    return next;
    return;
  end if;

  return query
    select r.id, r."receivedAt", r.standing, false from "Report" r
    where r."boardId" = board and r."idemKey" = idem and r."bodyPrint" = print;
  if not found then
    raise exception 'report not found after it was stored';
  end if;
end $$;
