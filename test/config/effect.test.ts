/** A key that claims an effect is read somewhere: by its own name, or by that of the topic key in front of it. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BROKER_KEYS } from '../../src/config/broker-keys.ts';
import { TOPIC_KEYS, TOPIC_SYNONYMS } from '../../src/config/topic-keys.ts';

const ROOT = new URL('../../src/', import.meta.url);

/** Tables that name every key, or explain them. */
const TABLES = ['keys.ts', 'config-report.ts', 'config-rules.ts', 'config-layers.ts', 'describe-configs.ts'];

const sources = globSync('**/*.ts', { cwd: ROOT })
  .filter((path) => !(path.startsWith('config/') && TABLES.some((table) => path.endsWith(table))))
  .map((path) => readFileSync(new URL(path, ROOT), 'utf8'))
  .join('\n');

const isNamed = (name: string): boolean => sources.includes(`'${name}'`);

describe('keys with effect', () => {
  it('are named where something is done with them', () => {
    const throughTopics = new Set(
      [...TOPIC_SYNONYMS].flatMap(([topic, synonyms]) => (isNamed(topic) ? synonyms.map(({ name }) => name) : [])),
    );
    const claims = [...BROKER_KEYS.values(), ...TOPIC_KEYS.values()].filter((row) => row.effect);
    const empty = claims.map(({ name }) => name).filter((name) => !isNamed(name) && !throughTopics.has(name));
    expect(empty).toEqual([]);
  });
});
