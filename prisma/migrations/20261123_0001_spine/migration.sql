-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "Board" (
    "boardId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Board_pkey" PRIMARY KEY ("boardId")
);

-- CreateTable
CREATE TABLE "BoardKey" (
    "boardId" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retiredAt" TIMESTAMPTZ,

    CONSTRAINT "BoardKey_pkey" PRIMARY KEY ("boardId","purpose","version")
);

-- CreateTable
CREATE TABLE "Route" (
    "boardId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "toBoardId" UUID NOT NULL,
    "toId" UUID NOT NULL,

    CONSTRAINT "Route_pkey" PRIMARY KEY ("boardId","kind","value","toBoardId")
);

-- CreateTable
CREATE TABLE "School" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "brin" TEXT NOT NULL,
    "location" TEXT NOT NULL DEFAULT '00',
    "publishableKey" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "School_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "SchoolYear" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "startsOn" DATE NOT NULL,
    "endsOn" DATE NOT NULL,

    CONSTRAINT "SchoolYear_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Origin" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "origin" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Origin_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "SignIn" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "secretSealed" BYTEA,
    "scopes" TEXT NOT NULL DEFAULT 'openid profile',
    "claim" TEXT NOT NULL,
    "keyType" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SignIn_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Source" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "optionsSealed" BYTEA NOT NULL,
    "cursor" TEXT,
    "appliedCreatedAt" TIMESTAMPTZ,
    "appliedAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Source_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "SyncRun" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "phase" TEXT NOT NULL DEFAULT 'collect',
    "progress" JSONB NOT NULL DEFAULT '{}',
    "counts" JSONB NOT NULL DEFAULT '{}',
    "findings" JSONB NOT NULL DEFAULT '[]',
    "reasons" JSONB NOT NULL DEFAULT '[]',
    "stageSealed" BYTEA,
    "approvedBy" TEXT,
    "startedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ,

    CONSTRAINT "SyncRun_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Person" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "namesSealed" BYTEA NOT NULL,
    "contactSealed" BYTEA,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "deactivatedAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Person_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Affiliation" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "sourceTag" BYTEA NOT NULL,
    "stable" BOOLEAN NOT NULL,
    "role" TEXT NOT NULL,
    "roleHints" TEXT[],
    "grade" TEXT,
    "status" TEXT NOT NULL,
    "startsOn" DATE,
    "endsOn" DATE,
    "contentPrint" BYTEA NOT NULL,
    "firstSeenAt" TIMESTAMPTZ NOT NULL,
    "lastSeenAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Affiliation_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Group" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "schoolYearId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "sourceTag" BYTEA NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "grades" TEXT[],
    "active" BOOLEAN NOT NULL DEFAULT true,
    "firstSeenAt" TIMESTAMPTZ NOT NULL,
    "lastSeenAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Group_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Membership" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "groupId" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "startsOn" DATE NOT NULL,
    "endsOn" DATE,

    CONSTRAINT "Membership_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "RosterKey" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "valueTag" BYTEA NOT NULL,
    "stable" BOOLEAN NOT NULL,

    CONSTRAINT "RosterKey_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Identity" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "subjectTag" BYTEA NOT NULL,
    "linkedBy" TEXT NOT NULL,
    "linkedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ,

    CONSTRAINT "Identity_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Grant" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "groupId" UUID,
    "startsOn" DATE NOT NULL,
    "until" DATE,
    "grantedBy" TEXT NOT NULL,
    "confirmById" UUID,
    "confirmTag" BYTEA,
    "confirmedAt" TIMESTAMPTZ,
    "revokedAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Grant_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Session" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "channel" TEXT NOT NULL,
    "acr" TEXT,
    "authTime" TIMESTAMPTZ NOT NULL,
    "grantTag" BYTEA,
    "tabTag" BYTEA,
    "startedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endsAt" TIMESTAMPTZ NOT NULL,
    "endedAt" TIMESTAMPTZ,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Once" (
    "boardId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "value" BYTEA NOT NULL,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Once_pkey" PRIMARY KEY ("boardId","kind","value")
);

-- CreateTable
CREATE TABLE "Pending" (
    "boardId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "tag" BYTEA NOT NULL,
    "payload" JSONB NOT NULL,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Pending_pkey" PRIMARY KEY ("boardId","kind","tag")
);

-- CreateTable
CREATE TABLE "Handoff" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "secretTag" BYTEA NOT NULL,
    "jkt" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "toBoardId" UUID NOT NULL,
    "toSchoolId" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "result" JSONB,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Handoff_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "OidcRecord" (
    "boardId" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "tag" BYTEA NOT NULL,
    "payload" JSONB NOT NULL,
    "grantTag" BYTEA,
    "uidTag" BYTEA,
    "consumedAt" TIMESTAMPTZ,
    "expiresAt" TIMESTAMPTZ,

    CONSTRAINT "OidcRecord_pkey" PRIMARY KEY ("boardId","model","tag")
);

-- CreateTable
CREATE TABLE "SigningKey" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "keySealed" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retiredAt" TIMESTAMPTZ,

    CONSTRAINT "SigningKey_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Report" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "idemKey" UUID NOT NULL,
    "bodyPrint" BYTEA NOT NULL,
    "receivedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "visibleFrom" TIMESTAMPTZ NOT NULL,
    "standing" TEXT NOT NULL,
    "reporterKind" TEXT NOT NULL,
    "reporterTag" BYTEA,
    "reporterSealed" BYTEA,
    "bodySealed" BYTEA NOT NULL,
    "wordsSealed" BYTEA,
    "behaviours" TEXT[],
    "targetKind" TEXT,
    "place" TEXT NOT NULL,
    "moment" TEXT NOT NULL,
    "happenedOn" DATE,
    "precision" TEXT NOT NULL,
    "frequency" TEXT NOT NULL,
    "severity" INTEGER,
    "helpedBy" TEXT[],
    "wish" TEXT,
    "dangerNow" BOOLEAN NOT NULL DEFAULT false,
    "urgent" BOOLEAN NOT NULL DEFAULT false,
    "problems" TEXT[],
    "notifiedAt" TIMESTAMPTZ,

    CONSTRAINT "Report_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Involvement" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "reportId" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "personId" UUID,
    "groupId" UUID,
    "typedSealed" BYTEA,

    CONSTRAINT "Involvement_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "channel" TEXT,
    "action" TEXT NOT NULL,
    "object" TEXT,
    "outcome" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "School_boardId_brin_location_key" ON "School"("boardId", "brin", "location");

-- CreateIndex
CREATE UNIQUE INDEX "School_boardId_publishableKey_key" ON "School"("boardId", "publishableKey");

-- CreateIndex
CREATE UNIQUE INDEX "SchoolYear_boardId_schoolId_name_key" ON "SchoolYear"("boardId", "schoolId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Origin_boardId_schoolId_origin_key" ON "Origin"("boardId", "schoolId", "origin");

-- CreateIndex
CREATE UNIQUE INDEX "SignIn_boardId_schoolId_issuer_clientId_key" ON "SignIn"("boardId", "schoolId", "issuer", "clientId");

-- CreateIndex
CREATE INDEX "SyncRun_boardId_sourceId_startedAt_idx" ON "SyncRun"("boardId", "sourceId", "startedAt");

-- CreateIndex
CREATE INDEX "Affiliation_boardId_personId_schoolId_idx" ON "Affiliation"("boardId", "personId", "schoolId");

-- CreateIndex
CREATE UNIQUE INDEX "Affiliation_boardId_schoolId_sourceId_sourceTag_key" ON "Affiliation"("boardId", "schoolId", "sourceId", "sourceTag");

-- CreateIndex
CREATE UNIQUE INDEX "Group_boardId_schoolId_sourceId_sourceTag_schoolYearId_key" ON "Group"("boardId", "schoolId", "sourceId", "sourceTag", "schoolYearId");

-- CreateIndex
CREATE INDEX "Membership_boardId_personId_schoolId_idx" ON "Membership"("boardId", "personId", "schoolId");

-- CreateIndex
CREATE INDEX "Membership_boardId_schoolId_sourceId_idx" ON "Membership"("boardId", "schoolId", "sourceId");

-- CreateIndex
CREATE UNIQUE INDEX "Membership_boardId_groupId_personId_role_startsOn_key" ON "Membership"("boardId", "groupId", "personId", "role", "startsOn");

-- CreateIndex
CREATE INDEX "RosterKey_boardId_type_valueTag_idx" ON "RosterKey"("boardId", "type", "valueTag");

-- CreateIndex
CREATE INDEX "RosterKey_boardId_personId_idx" ON "RosterKey"("boardId", "personId");

-- CreateIndex
CREATE UNIQUE INDEX "RosterKey_boardId_schoolId_sourceId_personId_type_valueTag_key" ON "RosterKey"("boardId", "schoolId", "sourceId", "personId", "type", "valueTag");

-- CreateIndex
CREATE INDEX "Identity_boardId_personId_idx" ON "Identity"("boardId", "personId");

-- CreateIndex
CREATE UNIQUE INDEX "Identity_boardId_issuer_personId_key" ON "Identity"("boardId", "issuer", "personId");

-- CreateIndex
CREATE UNIQUE INDEX "Identity_boardId_issuer_subjectTag_key" ON "Identity"("boardId", "issuer", "subjectTag");

-- CreateIndex
CREATE INDEX "Grant_boardId_personId_idx" ON "Grant"("boardId", "personId");

-- CreateIndex
CREATE INDEX "Grant_boardId_schoolId_role_idx" ON "Grant"("boardId", "schoolId", "role");

-- CreateIndex
CREATE INDEX "Session_boardId_personId_idx" ON "Session"("boardId", "personId");

-- CreateIndex
CREATE INDEX "Once_boardId_expiresAt_idx" ON "Once"("boardId", "expiresAt");

-- CreateIndex
CREATE INDEX "Pending_boardId_expiresAt_idx" ON "Pending"("boardId", "expiresAt");

-- CreateIndex
CREATE INDEX "Handoff_boardId_expiresAt_idx" ON "Handoff"("boardId", "expiresAt");

-- CreateIndex
CREATE INDEX "OidcRecord_boardId_grantTag_idx" ON "OidcRecord"("boardId", "grantTag");

-- CreateIndex
CREATE INDEX "OidcRecord_boardId_model_uidTag_idx" ON "OidcRecord"("boardId", "model", "uidTag");

-- CreateIndex
CREATE INDEX "OidcRecord_boardId_expiresAt_idx" ON "OidcRecord"("boardId", "expiresAt");

-- CreateIndex
CREATE INDEX "Report_boardId_schoolId_receivedAt_idx" ON "Report"("boardId", "schoolId", "receivedAt");

-- CreateIndex
CREATE UNIQUE INDEX "Report_boardId_idemKey_bodyPrint_key" ON "Report"("boardId", "idemKey", "bodyPrint");

-- CreateIndex
CREATE INDEX "Involvement_boardId_reportId_idx" ON "Involvement"("boardId", "reportId");

-- CreateIndex
CREATE INDEX "Involvement_boardId_groupId_idx" ON "Involvement"("boardId", "groupId");

-- CreateIndex
CREATE INDEX "Involvement_boardId_personId_idx" ON "Involvement"("boardId", "personId");

-- CreateIndex
CREATE INDEX "AuditEntry_boardId_at_idx" ON "AuditEntry"("boardId", "at");

-- AddForeignKey
ALTER TABLE "BoardKey" ADD CONSTRAINT "BoardKey_boardId_fkey" FOREIGN KEY ("boardId") REFERENCES "Board"("boardId") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "School" ADD CONSTRAINT "School_boardId_fkey" FOREIGN KEY ("boardId") REFERENCES "Board"("boardId") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SchoolYear" ADD CONSTRAINT "SchoolYear_boardId_schoolId_fkey" FOREIGN KEY ("boardId", "schoolId") REFERENCES "School"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Origin" ADD CONSTRAINT "Origin_boardId_schoolId_fkey" FOREIGN KEY ("boardId", "schoolId") REFERENCES "School"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignIn" ADD CONSTRAINT "SignIn_boardId_schoolId_fkey" FOREIGN KEY ("boardId", "schoolId") REFERENCES "School"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Source" ADD CONSTRAINT "Source_boardId_schoolId_fkey" FOREIGN KEY ("boardId", "schoolId") REFERENCES "School"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SyncRun" ADD CONSTRAINT "SyncRun_boardId_sourceId_fkey" FOREIGN KEY ("boardId", "sourceId") REFERENCES "Source"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Affiliation" ADD CONSTRAINT "Affiliation_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Affiliation" ADD CONSTRAINT "Affiliation_boardId_sourceId_fkey" FOREIGN KEY ("boardId", "sourceId") REFERENCES "Source"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Group" ADD CONSTRAINT "Group_boardId_schoolId_fkey" FOREIGN KEY ("boardId", "schoolId") REFERENCES "School"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Group" ADD CONSTRAINT "Group_boardId_schoolYearId_fkey" FOREIGN KEY ("boardId", "schoolYearId") REFERENCES "SchoolYear"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Group" ADD CONSTRAINT "Group_boardId_sourceId_fkey" FOREIGN KEY ("boardId", "sourceId") REFERENCES "Source"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_boardId_groupId_fkey" FOREIGN KEY ("boardId", "groupId") REFERENCES "Group"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RosterKey" ADD CONSTRAINT "RosterKey_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Identity" ADD CONSTRAINT "Identity_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Grant" ADD CONSTRAINT "Grant_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Grant" ADD CONSTRAINT "Grant_boardId_groupId_fkey" FOREIGN KEY ("boardId", "groupId") REFERENCES "Group"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Report" ADD CONSTRAINT "Report_boardId_schoolId_fkey" FOREIGN KEY ("boardId", "schoolId") REFERENCES "School"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Involvement" ADD CONSTRAINT "Involvement_boardId_reportId_fkey" FOREIGN KEY ("boardId", "reportId") REFERENCES "Report"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Involvement" ADD CONSTRAINT "Involvement_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Involvement" ADD CONSTRAINT "Involvement_boardId_groupId_fkey" FOREIGN KEY ("boardId", "groupId") REFERENCES "Group"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- The wall between boards. The setting is local to a transaction; after it, it is '' and not NULL, hence nullif.
do $$
declare
  name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' and tablename <> '_prisma_migrations' loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy board on %I using ("boardId" = (select nullif(current_setting(''app.board'', true), '''')::uuid))
       with check ("boardId" = (select nullif(current_setting(''app.board'', true), '''')::uuid))', name);
  end loop;
end $$;

-- Hot path 1: who is behind an access token, read at every request. Sets its own scope, as a statement of its own, before any table.
create function read_session(board uuid, session uuid)
returns table (person uuid, school uuid, channel text, acr text, auth_time timestamptz, live boolean, kinds text[])
language plpgsql as $$
begin
  perform set_config('app.board', board::text, true);
  return query
    select s."personId", s."schoolId", s.channel, s.acr, s."authTime",
           p.active and s."endedAt" is null and s."endsAt" > now() and exists (
             select from "Affiliation" a
             where a."boardId" = board and a."personId" = s."personId" and a."schoolId" = s."schoolId" and a.status = 'active'),
           array(select distinct a.role from "Affiliation" a
                 where a."boardId" = board and a."personId" = s."personId" and a."schoolId" = s."schoolId" and a.status = 'active')
    from "Session" s join "Person" p on p."boardId" = s."boardId" and p.id = s."personId"
    where s."boardId" = board and s.id = session;
end $$;

-- Hot path 2: uses a value up. True once for ever, also when 64 come at the same time. Not worth a wait for the disk.
create function claim_once(board uuid, what text, val bytea, until timestamptz)
returns boolean language plpgsql as $$
begin
  perform set_config('app.board', board::text, true);
  perform set_config('synchronous_commit', 'off', true);
  insert into "Once" ("boardId", kind, value, "expiresAt") values (board, what, val, until) on conflict do nothing;
  return found;
end $$;

-- Hot path 3: one report, its involvements and its audit entry, in one durable transaction. What is answered is the row that was written, or
-- that stood there already: under row-level security a conflict alone proves nothing.
-- A person who is not of this school is not linked, and the report says so: bodySealed keeps what came.
-- With a session, who sent it is judged here: signed while session and token hold, expired when they did once, else unsigned.
create function submit_report(
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
                     where a."boardId" = board and a."personId" = reporter and a."schoolId" = school and a.status = 'active'), 'OTHER')
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
              order by m."startsOn" desc limit 1) as home
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

-- Reports of one board that came in together: one round trip and one commit for all, each with its own outcome. Bytes are hex.
create function submit_reports(board uuid, calls jsonb)
returns table (ord int, id uuid, received_at timestamptz, standing text, fresh boolean)
language plpgsql as $$
declare
  c record;
begin
  for c in
    select call.* from jsonb_to_recordset(calls) as call (
      ord int, school uuid, report uuid, idem uuid, print text, facts jsonb, reporter_tag text, reporter_sealed text, body_sealed text,
      words_sealed text, involvement_ids uuid[], roles text[], persons uuid[], typed text[], session uuid, reporter uuid, token_holds boolean)
    order by call.idem -- one order for all, so that two transactions with the same keys wait and do not deadlock
  loop
    return query
      select c.ord, s.* from submit_report(
        board, c.school, c.report, c.idem, decode(c.print, 'hex'), c.facts, decode(c.reporter_tag, 'hex'), decode(c.reporter_sealed, 'hex'),
        decode(c.body_sealed, 'hex'), decode(c.words_sealed, 'hex'), c.involvement_ids, c.roles, c.persons,
        array(select decode(t, 'hex') from unnest(c.typed) with ordinality as u (t, n) order by n),
        c.session, c.reporter, c.token_holds) s;
  end loop;
end $$;
