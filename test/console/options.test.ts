/** The option tables hold Kafka's facts: names, arity, types, defaults, and which option took another's place. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aclsTable } from '../../src/console/options/acls.ts';
import { clusterTable } from '../../src/console/options/cluster.ts';
import { configsTable } from '../../src/console/options/configs.ts';
import { consoleConsumerTable } from '../../src/console/options/console-consumer.ts';
import { consoleProducerTable } from '../../src/console/options/console-producer.ts';
import { consumerGroupsTable } from '../../src/console/options/consumer-groups.ts';
import { leaderElectionTable } from '../../src/console/options/leader-election.ts';
import { reassignPartitionsTable } from '../../src/console/options/reassign-partitions.ts';
import { serverStartTable } from '../../src/console/options/server.ts';
import { storageTable } from '../../src/console/options/storage.ts';
import type { OptionRow, ToolTable } from '../../src/console/options/table.ts';
import { topicsTable } from '../../src/console/options/topics.ts';

interface RecordedOption {
  readonly names: readonly string[];
  readonly arg: string;
  readonly type?: string;
  readonly default?: string;
  readonly deprecated: boolean;
  readonly replacedBy?: string;
}

interface RecordedTool {
  readonly parser: string;
  readonly options: readonly RecordedOption[];
  readonly subcommands?: Readonly<Record<string, { readonly options: readonly RecordedOption[] }>>;
}

const FACTS = new URL('../fixtures/transcripts/options.json', import.meta.url);
const recorded = (JSON.parse(readFileSync(FACTS, 'utf8')) as { tools: Record<string, RecordedTool> }).tools;
const TABLES: readonly ToolTable[] = [
  topicsTable,
  consoleProducerTable,
  consoleConsumerTable,
  consumerGroupsTable,
  configsTable,
  aclsTable,
  storageTable,
  clusterTable,
  leaderElectionTable,
  reassignPartitionsTable,
  serverStartTable,
];

function ourFacts(rows: readonly OptionRow[]) {
  return rows
    .filter((row) => !row.own)
    .map((row) => ({
      names: row.names,
      arg: row.arg,
      number: row.type.startsWith('int'),
      default: row.default,
      deprecated: row.deprecated,
      replacedBy: row.replacedBy,
    }))
    .sort((a, b) => ((a.names[0] as string) < (b.names[0] as string) ? -1 : 1));
}

function theirFacts(options: readonly RecordedOption[]) {
  return options
    .map((option) => ({
      names: option.names,
      arg: option.arg,
      number: option.type?.startsWith('int') ?? false,
      default: option.default,
      deprecated: option.deprecated,
      replacedBy: option.replacedBy,
    }))
    .sort((a, b) => ((a.names[0] as string) < (b.names[0] as string) ? -1 : 1));
}

describe('option tables', () => {
  it.each(TABLES.map((table) => [table.name, table] as const))('%s has the options of Kafka', (name, table) => {
    const facts = recorded[name] as RecordedTool;
    expect(table.parser).toBe(facts.parser);
    expect(ourFacts(table.options)).toEqual(theirFacts(facts.options));
    for (const [subName, sub] of Object.entries(facts.subcommands ?? {})) {
      const own = table.subcommands.find((command) => command.name === subName);
      expect(ourFacts(own?.options ?? [])).toEqual(theirFacts(sub.options));
    }
  });

  it('explain every option in our own words', () => {
    for (const table of TABLES) {
      const rows = [...table.options, ...table.subcommands.flatMap((command) => command.options)];
      for (const row of rows) expect(row.help, `${table.name} ${row.names[0]}`).toMatch(/\w/);
    }
  });
});
