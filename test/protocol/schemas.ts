/** Every schema of the tree, found by looking, so that none is left out of the tests. */
import { readdirSync } from 'node:fs';
import type { Message } from '../../src/protocol/schema.ts';

const PROTOCOL = new URL('../../src/protocol/', import.meta.url);

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'validVersions' in value && 'fields' in value;
}

async function messagesIn(folder: string): Promise<Message[]> {
  const directory = new URL(`${folder}/`, PROTOCOL);
  const found: Message[] = [];
  for (const file of readdirSync(directory).sort()) {
    const module = (await import(new URL(file, directory).href)) as Record<string, unknown>;
    found.push(...Object.values(module).filter(isMessage));
  }
  return found;
}

export const SCHEMAS: readonly Message[] = [...(await messagesIn('messages')), ...(await messagesIn('records'))];

const BY_NAME = new Map(SCHEMAS.map((schema) => [schema.name, schema]));

export function schemaOf(name: string): Message {
  const schema = BY_NAME.get(name);
  if (schema === undefined) throw new Error(`no schema ${name}`);
  return schema;
}
