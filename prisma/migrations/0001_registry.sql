CREATE TABLE "Machine" (
  "id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "mac" TEXT NOT NULL, "macsJson" TEXT NOT NULL, "uuid" TEXT,
  "phase" TEXT NOT NULL, "phaseSince" TEXT NOT NULL, "phaseDeadline" TEXT, "address" TEXT, "firmware" TEXT, "bootPath" TEXT NOT NULL,
  "inventoryJson" TEXT, "servicesJson" TEXT NOT NULL, "problem" TEXT, "attention" TEXT, "powerDriver" TEXT NOT NULL, "powerJson" TEXT NOT NULL,
  "firstSeenAt" TEXT NOT NULL, "lastSeenAt" TEXT NOT NULL, "retired" BOOLEAN NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX "Machine_name_key" ON "Machine"("name");
CREATE UNIQUE INDEX "Machine_mac_key" ON "Machine"("mac");

CREATE TABLE "Intent" (
  "machineId" TEXT NOT NULL PRIMARY KEY, "generation" INTEGER NOT NULL, "role" TEXT, "imageId" TEXT, "disk" TEXT,
  "erase" BOOLEAN NOT NULL, "release" BOOLEAN NOT NULL, "stepsJson" TEXT NOT NULL,
  CONSTRAINT "Intent_machineId_fkey" FOREIGN KEY ("machineId") REFERENCES "Machine" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "Enrolment" (
  "machineId" TEXT NOT NULL PRIMARY KEY, "generation" INTEGER NOT NULL, "secretHash" TEXT NOT NULL, "expiresAt" TEXT NOT NULL, "usedAt" TEXT
);

CREATE TABLE "Certificate" ("serial" TEXT NOT NULL PRIMARY KEY, "machineId" TEXT NOT NULL, "issuedAt" TEXT NOT NULL, "revokedAt" TEXT);
CREATE INDEX "Certificate_machineId_idx" ON "Certificate"("machineId");

CREATE TABLE "User" ("name" TEXT NOT NULL PRIMARY KEY, "passwordHash" TEXT NOT NULL, "mustChange" BOOLEAN NOT NULL, "role" TEXT NOT NULL);
CREATE TABLE "Session" ("hash" TEXT NOT NULL PRIMARY KEY, "user" TEXT NOT NULL, "createdAt" TEXT NOT NULL, "expiresAt" TEXT NOT NULL);
CREATE TABLE "Token" ("hash" TEXT NOT NULL PRIMARY KEY, "user" TEXT NOT NULL, "title" TEXT NOT NULL, "createdAt" TEXT NOT NULL);

CREATE TABLE "SshKey" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "text" TEXT NOT NULL);
CREATE UNIQUE INDEX "SshKey_text_key" ON "SshKey"("text");

CREATE TABLE "Audit" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "at" TEXT NOT NULL, "user" TEXT NOT NULL, "act" TEXT NOT NULL, "target" TEXT NOT NULL, "detail" TEXT NOT NULL
);
CREATE TABLE "Outbox" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "at" TEXT NOT NULL, "machineId" TEXT, "kind" TEXT NOT NULL, "level" TEXT NOT NULL, "text" TEXT NOT NULL, "dataJson" TEXT NOT NULL
);
