-- AlterTable
ALTER TABLE "Source" ADD COLUMN     "fullAt" TIMESTAMPTZ,
ADD COLUMN     "gives" TEXT NOT NULL DEFAULT 'roster',
ADD COLUMN     "goodAt" TIMESTAMPTZ,
ADD COLUMN     "pausedAt" TIMESTAMPTZ,
ADD COLUMN     "profile" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "SyncRun" ADD COLUMN     "diff" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "proof" TEXT,
ADD COLUMN     "schoolYear" TEXT,
ADD COLUMN     "startedBy" TEXT NOT NULL DEFAULT 'operator';

-- AlterTable
ALTER TABLE "Person" ADD COLUMN     "mergedIntoId" UUID;

-- CreateTable
CREATE TABLE "MatchConflict" (
    "boardId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "schoolId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "sourceTag" BYTEA NOT NULL,
    "personId" UUID,
    "candidates" UUID[],
    "shownSealed" BYTEA NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "decidedFor" UUID,
    "decidedBy" TEXT,
    "decidedAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "MatchConflict_pkey" PRIMARY KEY ("boardId","id")
);

-- CreateIndex
CREATE INDEX "MatchConflict_boardId_schoolId_state_idx" ON "MatchConflict"("boardId", "schoolId", "state");

-- CreateIndex
CREATE UNIQUE INDEX "MatchConflict_boardId_sourceId_kind_sourceTag_key" ON "MatchConflict"("boardId", "sourceId", "kind", "sourceTag");

-- AddForeignKey
ALTER TABLE "Person" ADD CONSTRAINT "Person_boardId_mergedIntoId_fkey" FOREIGN KEY ("boardId", "mergedIntoId") REFERENCES "Person"("boardId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MatchConflict" ADD CONSTRAINT "MatchConflict_boardId_sourceId_fkey" FOREIGN KEY ("boardId", "sourceId") REFERENCES "Source"("boardId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Who else in this school has the key.
DROP INDEX "RosterKey_boardId_type_valueTag_idx";
CREATE INDEX "RosterKey_boardId_type_valueTag_schoolId_idx" ON "RosterKey"("boardId", "type", "valueTag", "schoolId");

-- The wall (0001): the new table behind it as well.
alter table "MatchConflict" enable row level security;
alter table "MatchConflict" force row level security;
create policy board on "MatchConflict" using ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid))
  with check ("boardId" = (select nullif(current_setting('app.board', true), '')::uuid));
