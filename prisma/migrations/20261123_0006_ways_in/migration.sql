-- AlterTable
ALTER TABLE "SignIn" ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'oidc',
ADD COLUMN     "tenant" TEXT;

-- AlterTable
ALTER TABLE "Session" ADD COLUMN     "freshAt" TIMESTAMPTZ,
ADD COLUMN     "freshBy" TEXT,
ADD COLUMN     "sidTag" BYTEA,
ADD COLUMN     "signInId" UUID,
ADD COLUMN     "subjectTag" BYTEA;

-- AlterTable
ALTER TABLE "Handoff" ADD COLUMN     "opening" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "Identity" ADD COLUMN     "inactiveAt" TIMESTAMPTZ,
ADD COLUMN     "listTag" BYTEA;

-- CreateTable
CREATE TABLE "Passkey" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "credentialTag" BYTEA NOT NULL,
    "credentialId" BYTEA NOT NULL,
    "publicKey" BYTEA NOT NULL,
    "counter" BIGINT NOT NULL DEFAULT 0,
    "transports" TEXT[],
    "label" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastUsedAt" TIMESTAMPTZ,
    "confirmedBy" TEXT,
    "confirmedAt" TIMESTAMPTZ,
    "revokedAt" TIMESTAMPTZ,

    CONSTRAINT "Passkey_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "LtiPlatform" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "authUrl" TEXT NOT NULL,
    "tokenUrl" TEXT NOT NULL,
    "tokenAudience" TEXT,
    "jwksUrl" TEXT NOT NULL,
    "storageOrigin" TEXT,
    "product" TEXT,
    "registeredBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "LtiPlatform_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "LtiDeployment" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "platformId" UUID NOT NULL,
    "deploymentId" TEXT NOT NULL,
    "schoolId" UUID,
    "state" TEXT NOT NULL,
    "firstSeenAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decidedBy" TEXT,
    "decidedAt" TIMESTAMPTZ,

    CONSTRAINT "LtiDeployment_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "EntryTrouble" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "platformId" UUID,
    "code" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "EntryTrouble_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "Portal" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "jwksUrl" TEXT NOT NULL,
    "keyType" TEXT NOT NULL,
    "mayName" TEXT NOT NULL DEFAULT 'pupils-and-parents',
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Portal_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "TeamsTenant" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "tenant" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "TeamsTenant_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "MailItem" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "personId" UUID,
    "contactId" UUID,
    "aboutId" UUID,
    "urgent" BOOLEAN NOT NULL DEFAULT false,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "dueAt" TIMESTAMPTZ NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "lastCode" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sentAt" TIMESTAMPTZ,

    CONSTRAINT "MailItem_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "MailPreference" (
    "boardId" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "quietFrom" TEXT,
    "quietUntil" TEXT,

    CONSTRAINT "MailPreference_pkey" PRIMARY KEY ("boardId","personId")
);

-- CreateTable
CREATE TABLE "Case" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "personId" UUID NOT NULL,
    "openedBy" TEXT NOT NULL,
    "openedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closedAt" TIMESTAMPTZ,

    CONSTRAINT "Case_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "CaseContact" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "caseId" UUID NOT NULL,
    "contactSealed" BYTEA NOT NULL,
    "language" TEXT NOT NULL DEFAULT 'nl',
    "addedBy" TEXT NOT NULL,
    "addedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removedAt" TIMESTAMPTZ,

    CONSTRAINT "CaseContact_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "CaseMessage" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "authorId" TEXT,
    "textSealed" BYTEA,
    "reportId" UUID,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "readAt" TIMESTAMPTZ,

    CONSTRAINT "CaseMessage_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateTable
CREATE TABLE "ReceiptCode" (
    "boardId" UUID NOT NULL,
    "codeTag" BYTEA NOT NULL,
    "schoolId" UUID NOT NULL,
    "reportId" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "ReceiptCode_pkey" PRIMARY KEY ("boardId","codeTag")
);

-- CreateTable
CREATE TABLE "ReportProgress" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "reportId" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "messageSealed" BYTEA,
    "byPersonId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ReportProgress_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateIndex
CREATE INDEX "Passkey_boardId_personId_idx" ON "Passkey"("boardId", "personId");

-- CreateIndex
CREATE UNIQUE INDEX "Passkey_boardId_credentialTag_key" ON "Passkey"("boardId", "credentialTag");

-- CreateIndex
CREATE UNIQUE INDEX "LtiPlatform_boardId_issuer_clientId_key" ON "LtiPlatform"("boardId", "issuer", "clientId");

-- CreateIndex
CREATE UNIQUE INDEX "LtiDeployment_boardId_platformId_deploymentId_key" ON "LtiDeployment"("boardId", "platformId", "deploymentId");

-- CreateIndex
CREATE INDEX "EntryTrouble_boardId_number_idx" ON "EntryTrouble"("boardId", "number");

-- CreateIndex
CREATE INDEX "EntryTrouble_boardId_expiresAt_idx" ON "EntryTrouble"("boardId", "expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "Portal_boardId_schoolId_issuer_key" ON "Portal"("boardId", "schoolId", "issuer");

-- CreateIndex
CREATE UNIQUE INDEX "TeamsTenant_boardId_tenant_clientId_schoolId_key" ON "TeamsTenant"("boardId", "tenant", "clientId", "schoolId");

-- CreateIndex
CREATE INDEX "MailItem_boardId_state_dueAt_idx" ON "MailItem"("boardId", "state", "dueAt");

-- CreateIndex
CREATE INDEX "MailItem_boardId_personId_kind_idx" ON "MailItem"("boardId", "personId", "kind");

-- CreateIndex
CREATE INDEX "Case_boardId_schoolId_idx" ON "Case"("boardId", "schoolId");

-- CreateIndex
CREATE INDEX "Case_boardId_personId_idx" ON "Case"("boardId", "personId");

-- CreateIndex
CREATE INDEX "CaseContact_boardId_caseId_idx" ON "CaseContact"("boardId", "caseId");

-- CreateIndex
CREATE INDEX "CaseMessage_boardId_contactId_idx" ON "CaseMessage"("boardId", "contactId");

-- CreateIndex
CREATE INDEX "ReceiptCode_boardId_reportId_idx" ON "ReceiptCode"("boardId", "reportId");

-- CreateIndex
CREATE INDEX "ReceiptCode_boardId_expiresAt_idx" ON "ReceiptCode"("boardId", "expiresAt");

-- CreateIndex
CREATE INDEX "ReportProgress_boardId_reportId_at_idx" ON "ReportProgress"("boardId", "reportId", "at");

-- CreateIndex
CREATE INDEX "Report_boardId_notifiedAt_idx" ON "Report"("boardId", "notifiedAt");

-- CreateIndex
CREATE INDEX "Session_boardId_sidTag_idx" ON "Session"("boardId", "sidTag");

-- CreateIndex
CREATE INDEX "Session_boardId_subjectTag_idx" ON "Session"("boardId", "subjectTag");

-- AddForeignKey
ALTER TABLE "Passkey" ADD CONSTRAINT "Passkey_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "LtiDeployment" ADD CONSTRAINT "LtiDeployment_boardId_platformId_fkey" FOREIGN KEY ("boardId", "platformId") REFERENCES "LtiPlatform"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Case" ADD CONSTRAINT "Case_boardId_personId_fkey" FOREIGN KEY ("boardId", "personId") REFERENCES "Person"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CaseContact" ADD CONSTRAINT "CaseContact_boardId_caseId_fkey" FOREIGN KEY ("boardId", "caseId") REFERENCES "Case"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CaseMessage" ADD CONSTRAINT "CaseMessage_boardId_contactId_fkey" FOREIGN KEY ("boardId", "contactId") REFERENCES "CaseContact"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The wall (0001): the new tables behind it as well.
alter table "Passkey" enable row level security;
alter table "Passkey" force row level security;
create policy board on "Passkey" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "LtiPlatform" enable row level security;
alter table "LtiPlatform" force row level security;
create policy board on "LtiPlatform" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "LtiDeployment" enable row level security;
alter table "LtiDeployment" force row level security;
create policy board on "LtiDeployment" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "EntryTrouble" enable row level security;
alter table "EntryTrouble" force row level security;
create policy board on "EntryTrouble" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "Portal" enable row level security;
alter table "Portal" force row level security;
create policy board on "Portal" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "TeamsTenant" enable row level security;
alter table "TeamsTenant" force row level security;
create policy board on "TeamsTenant" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "MailItem" enable row level security;
alter table "MailItem" force row level security;
create policy board on "MailItem" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "MailPreference" enable row level security;
alter table "MailPreference" force row level security;
create policy board on "MailPreference" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "Case" enable row level security;
alter table "Case" force row level security;
create policy board on "Case" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "CaseContact" enable row level security;
alter table "CaseContact" force row level security;
create policy board on "CaseContact" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "CaseMessage" enable row level security;
alter table "CaseMessage" force row level security;
create policy board on "CaseMessage" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "ReceiptCode" enable row level security;
alter table "ReceiptCode" force row level security;
create policy board on "ReceiptCode" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
alter table "ReportProgress" enable row level security;
alter table "ReportProgress" force row level security;
create policy board on "ReportProgress" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));

-- CreateTable
CREATE TABLE "ReportClaim" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "reportId" UUID NOT NULL,
    "reporterTag" BYTEA NOT NULL,
    "reporterSealed" BYTEA NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ReportClaim_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateIndex
CREATE INDEX "ReportClaim_boardId_reporterTag_idx" ON "ReportClaim"("boardId", "reporterTag");

-- CreateIndex
CREATE UNIQUE INDEX "ReportClaim_boardId_reportId_key" ON "ReportClaim"("boardId", "reportId");

-- AddForeignKey
ALTER TABLE "ReportClaim" ADD CONSTRAINT "ReportClaim_boardId_reportId_fkey" FOREIGN KEY ("boardId", "reportId") REFERENCES "Report"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

alter table "ReportClaim" enable row level security;
alter table "ReportClaim" force row level security;
create policy board on "ReportClaim" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));

-- The three words of a report without a name, in the transaction that stores it. The candidates come from its idempotency key and its bytes, so
-- that the same sending again finds the same ones: the first that nobody else has. A report that stood there already gets no new words.
-- @returns which candidate, from 0; null when there is none (any more)
create function give_receipt_code(board uuid, school uuid, report uuid, received timestamptz, first_time boolean, tags bytea[], days int)
returns int language plpgsql as $$
begin
  for n in 1 .. cardinality(tags) loop
    if first_time then
      insert into "ReceiptCode" ("boardId", "codeTag", "schoolId", "reportId", "createdAt", "expiresAt")
      values (board, tags[n], school, report, received, received + make_interval(days => days))
      on conflict do nothing;
      if found then
        return n - 1;
      end if;
    else
      perform from "ReceiptCode" k where k."boardId" = board and k."codeTag" = tags[n] and k."reportId" = report;
      if found then
        return n - 1;
      end if;
    end if;
  end loop;
  return null;
end $$;

-- As in 0001, and which words (code) an unsigned report got.
drop function submit_reports(uuid, jsonb);
create function submit_reports(board uuid, calls jsonb)
returns table (ord int, id uuid, received_at timestamptz, standing text, fresh boolean, code int)
language plpgsql as $$
declare
  c record;
  s record;
begin
  for c in
    select call.* from jsonb_to_recordset(calls) as call (
      ord int, school uuid, report uuid, idem uuid, print text, facts jsonb, reporter_tag text, reporter_sealed text, body_sealed text,
      words_sealed text, involvement_ids uuid[], roles text[], persons uuid[], typed text[], session uuid, reporter uuid, token_holds boolean,
      code_tags text[], code_days int)
    order by call.idem -- one order for all, so that two transactions with the same keys wait and do not deadlock
  loop
    select r.* into s from submit_report(
      board, c.school, c.report, c.idem, decode(c.print, 'hex'), c.facts, decode(c.reporter_tag, 'hex'), decode(c.reporter_sealed, 'hex'),
      decode(c.body_sealed, 'hex'), decode(c.words_sealed, 'hex'), c.involvement_ids, c.roles, c.persons,
      array(select decode(t, 'hex') from unnest(c.typed) with ordinality as u (t, n) order by n),
      c.session, c.reporter, c.token_holds) r;
    ord := c.ord;
    id := s.id;
    received_at := s.received_at;
    standing := s.standing;
    fresh := s.fresh;
    code := null;
    if s.standing = 'UNSIGNED' and c.code_tags is not null then
      code := give_receipt_code(
        board, c.school, s.id, s.received_at, s.fresh,
        array(select decode(t, 'hex') from unnest(c.code_tags) with ordinality as u (t, n) order by n), c.code_days);
    end if;
    return next;
  end loop;
end $$;

-- What is kept for whoever comes back for it, what is used up by that, and the state of our own OpenID provider: a way in has a dozen of these, so
-- each is one statement that sets its scope itself. Not worth a wait for the disk: what a crash forgets is a sign-in to begin anew, and what it
-- brings back is good for a minute, to the bearer of a secret alone.
create function put_pending(what text, val bytea, facts jsonb, until timestamptz) returns void language plpgsql as $$
begin
  perform set_config('app.board', '00000000-0000-0000-0000-000000000000', true), set_config('synchronous_commit', 'off', true);
  insert into "Pending" ("boardId", kind, tag, payload, "expiresAt")
  values ('00000000-0000-0000-0000-000000000000', what, val, facts, until);
end $$;

create function take_pending(what text, val bytea) returns table (facts jsonb, until timestamptz) language plpgsql as $$
begin
  perform set_config('app.board', '00000000-0000-0000-0000-000000000000', true);
  return query
    delete from "Pending" p where p."boardId" = '00000000-0000-0000-0000-000000000000' and p.kind = what and p.tag = val
    returning p.payload, p."expiresAt";
end $$;

create function keep_oidc_record(what text, val bytea, facts jsonb, of_grant bytea, of_uid bytea, until timestamptz)
returns void language plpgsql as $$
begin
  perform set_config('app.board', '00000000-0000-0000-0000-000000000000', true), set_config('synchronous_commit', 'off', true);
  insert into "OidcRecord" ("boardId", model, tag, payload, "grantTag", "uidTag", "expiresAt")
  values ('00000000-0000-0000-0000-000000000000', what, val, facts, of_grant, of_uid, until)
  on conflict ("boardId", model, tag) do update
  set payload = excluded.payload, "grantTag" = excluded."grantTag", "uidTag" = excluded."uidTag", "expiresAt" = excluded."expiresAt";
end $$;
