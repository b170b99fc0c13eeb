/** Where a command gets what its words do not say: flag, environment, profile, and in which order. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/console/command.ts';
import { bootstrapOf, clientProperties } from '../../src/console/connect.ts';
import { defaultTopic, profilesPath } from '../../src/console/defaults.ts';
import { ParsedOptions } from '../../src/console/parser/parsed-options.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { runTool } from '../support/run-tool.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kts-profiles-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const kts = (line: string, terminal?: { columns: number; rows: number }) =>
  runTool(
    line.split(' ').map((word) => (word === "''" ? '' : word)),
    { env: { HOME: home }, ...(terminal === undefined ? {} : { terminal }) },
  );

function context(env: Record<string, string> = {}, manner: 'own' | 'strict' = 'own'): CommandContext {
  return {
    manner,
    env: { HOME: home, ...env },
    output: undefined as unknown as CommandContext['output'],
    runtime: nodeRuntime,
    input: undefined as unknown as CommandContext['input'],
    onStop: () => () => undefined,
  };
}

const noOptions = new ParsedOptions([], new Map(), []);
const withOption = new ParsedOptions([], new Map([['bootstrap-server', ['flag:1']]]), []);

describe('profiles', () => {
  it('are set, used, listed and removed; the first one is active', async () => {
    expect(await kts('profile set a --bootstrap-server a:1 --topic orders')).toMatchObject({ exitCode: 0, stdout: '' });
    await kts('profile set b --bootstrap-server b:1 --client-config /c.properties');
    expect((await kts('profile list')).stdout).toBe('*\ta\ta:1\torders\t-\n \tb\tb:1\t-\t/c.properties\n');
    await kts('profile use b');
    await kts("profile set a --topic ''");
    expect(JSON.parse((await kts('profile list --output json')).stdout)).toEqual([
      { name: 'a', active: false, bootstrapServer: 'a:1' },
      { name: 'b', active: true, bootstrapServer: 'b:1', clientConfig: '/c.properties' },
    ]);
    expect((await kts('profile list', { columns: 80, rows: 24 })).stdout).toMatch(/^PROFILE +ACTIVE +BROKERS/);
    await kts('profile remove b');
    expect(JSON.parse(readFileSync(join(home, '.config/kts/config.json'), 'utf8'))).toEqual({
      profiles: { a: { bootstrapServer: 'a:1' } },
    });
  });

  it('change nothing with --dry-run', async () => {
    await kts('profile set a --topic t');
    expect((await kts('profile remove a --dry-run')).stdout).toBe('Would remove profile a.\n');
    expect((await kts('profile list')).stdout).toContain('a\t');
  });

  it.each([
    ['profile use nope', 3, "there is no profile 'nope'", 'kts profile set'],
    ['profile frob', 2, "profile knows no 'frob'", 'list'],
    ['profile lst', 2, "profile knows no 'lst'", 'did you mean list?'],
    ['profile use', 2, 'which profile?', 'kts profile use NAME'],
    ['profile set x', 2, 'what shall profile x hold?', '--bootstrap-server'],
  ])('%s', async (line, exitCode, cause, wayOut) => {
    const run = await kts(line);
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toContain(cause);
    expect(run.stderr).toContain(wayOut);
  });

  it.each(['{', '[]', '{"profiles":{"a":1}}', '{"profiles":{"a":{"topic":1}}}', '{"active":1}'])(
    'a file that holds %s is named, not passed over',
    async (text) => {
      mkdirSync(join(home, '.config/kts'), { recursive: true });
      writeFileSync(join(home, '.config/kts/config.json'), text);
      expect(await kts('topics --list')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('config.json') });
    },
  );
});

describe('precedence', () => {
  beforeEach(async () => {
    await kts('profile set a --bootstrap-server profile:1 --topic of-profile');
  });

  it('of the brokers: flag, environment, profile, localhost', () => {
    const env = { KTS_BOOTSTRAP_SERVER: 'env:1' };
    expect(bootstrapOf(context(env), withOption, '')).toBe('flag:1');
    expect(bootstrapOf(context(env), noOptions, '')).toBe('env:1');
    expect(bootstrapOf(context(), noOptions, '')).toBe('profile:1');
    expect(bootstrapOf(context({ HOME: '' }), noOptions, '')).toBe('localhost:9092');
  });

  it('of the topic: environment, profile', () => {
    expect(defaultTopic(context({ KTS_TOPIC: 'of-env' }))).toBe('of-env');
    expect(defaultTopic(context())).toBe('of-profile');
  });

  it('knows neither in the strict manner', () => {
    expect(() => bootstrapOf(context({ KTS_BOOTSTRAP_SERVER: 'env:1' }, 'strict'), noOptions, 'missing')).toThrow();
  });
});

describe('the configuration of clients', () => {
  it('is a file or an object, and a named file wins', async () => {
    const write = (config: unknown) => {
      mkdirSync(join(home, '.config/kts'), { recursive: true });
      const file = { active: 'a', profiles: { a: { clientConfig: config } } };
      writeFileSync(join(home, '.config/kts/config.json'), JSON.stringify(file));
    };
    write({ 'request.timeout.ms': 1000 });
    expect(await clientProperties(context(), undefined)).toEqual(new Map([['request.timeout.ms', '1000']]));
    writeFileSync(join(home, 'c.properties'), 'client.id=x\n');
    write(join(home, 'c.properties'));
    expect(await clientProperties(context(), undefined)).toEqual(new Map([['client.id', 'x']]));
    writeFileSync(join(home, 'd.properties'), 'client.id=y\n');
    expect(await clientProperties(context(), join(home, 'd.properties'))).toEqual(new Map([['client.id', 'y']]));
  });
});

describe('the file', () => {
  it('follows XDG_CONFIG_HOME, and is nowhere without a home', () => {
    expect(profilesPath({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/x/kts/config.json');
    expect(profilesPath({ HOME: '/h' })).toBe('/h/.config/kts/config.json');
    expect(profilesPath({})).toBeUndefined();
  });
});
