-- AlterTable
ALTER TABLE "Source" ADD COLUMN     "wokenAt" TIMESTAMPTZ;
