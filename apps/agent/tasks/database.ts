import type { Executor } from '../host.ts'
import { must } from '../command.ts'

/**
 * A PostgreSQL role and a database that it owns, both with one name. The password goes to psql by stdin: an argument would be
 * readable in /proc. The name has been checked by the contract to be a plain identifier.
 */
export const applyDatabase: Executor<'database'> = async (task, host) => {
  const existing = await sql(`SELECT count(*) FROM pg_database WHERE datname = ${quote(task.name)};\n`)
  const isNew = existing.trim() === '0'
  await sql(`SET password_encryption = 'scram-sha-256';
DO $do$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quote(task.name)}) THEN CREATE ROLE "${task.name}" LOGIN; END IF;
END $do$;
ALTER ROLE "${task.name}" LOGIN PASSWORD ${quote(task.password)};
${isNew ? `CREATE DATABASE "${task.name}" OWNER "${task.name}" ENCODING 'UTF8' TEMPLATE template0;\nREVOKE CONNECT ON DATABASE "${task.name}" FROM PUBLIC;` : ''}
`)
  return { changed: isNew, detail: isNew ? `made database ${task.name}` : '' }

  function sql(text: string): Promise<string> {
    return must(host.run, 'runuser', ['-u', 'postgres', '--', 'psql', '--no-psqlrc', '-qtA', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres'], { input: text })
  }
}

/** An SQL string literal that means the same whatever standard_conforming_strings says. */
const quote = (text: string): string => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
