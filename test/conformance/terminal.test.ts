/**
 * Commands in a real terminal (tmux): Kafka's recorded ones in the strict manner, and what the own manner adds where somebody
 * looks on: questions, tables, colours, a resize, Ctrl-C, completion by a real shell.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { connect } from '../../src/client.ts';
import { runTool } from '../support/run-tool.ts';

const BIN = path.resolve(import.meta.dirname, '../../bin/kts.js');
const HAS_TMUX = spawnSync('tmux', ['-V']).status === 0;
const PATIENCE_MS = 30_000;

let broker: Broker;
let directory: string;

/** A terminal of its own. */
class Terminal {
  readonly #socket = `kts-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.#environment = environment;
  }

  #tmux(...words: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, '-f', '/dev/null', ...words], { encoding: 'utf8' });
  }

  /** Runs a line of a shell; what it prints stays on the screen, with its exit code behind it. */
  run(line: string, shell = 'bash'): void {
    const all = {
      KTS_BOOTSTRAP_SERVER: broker.bootstrapServers,
      CI: '',
      NO_COLOR: '',
      HOME: directory,
      ...this.#environment,
    };
    const exports = Object.entries(all).map(([name, value]) => `export ${name}='${value}'; `);
    const script = `${exports.join('')}kts() { '${process.execPath}' '${BIN}' "$@"; }; ${line}`;
    const file = path.join(directory, `${this.#socket}.sh`);
    fs.writeFileSync(file, script);
    const command = shell === 'bash' ? `bash ${file}; echo "[exit $?]"; sleep 1000` : shell;
    this.#tmux('new-session', '-d', '-x', '100', '-y', '30', command);
  }

  keys(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** `coloured`: with the sequences that colour it. */
  screen(coloured = false): string {
    return this.#tmux('capture-pane', '-p', ...(coloured ? ['-e'] : [])).trimEnd();
  }

  async until(text: string | RegExp): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const screen = this.screen();
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`${text} did not appear:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server']);
  }
}

const terminals: Terminal[] = [];

function terminal(line: string, environment: Readonly<Record<string, string>> = {}): Terminal {
  const made = new Terminal(environment);
  terminals.push(made);
  made.run(line);
  return made;
}

describe.runIf(HAS_TMUX)('in a terminal', () => {
  beforeAll(async () => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-terminal-'));
    broker = await startBroker({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
    await using client = connect({ bootstrapServers: broker.bootstrapServers });
    await client.createTopics([{ name: 'orders' }, { name: 'p-kv' }, { name: 'chinese' }, { name: 'typed' }]);
    await client.producer().sendAll('orders', [{ value: 'hello' }, { value: 'world' }]);
    await client.producer().sendAll('chinese', [
      { key: '一', value: '值' },
      { key: 'two', value: 'value' },
      { key: '三個', value: '一個比較長的值' },
    ]);
  });

  afterAll(async () => {
    for (const one of terminals) one.close();
    await broker?.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  describe('as Kafka’s tools', () => {
    const strict = { KTS_STRICT: '1' };
    const server = '--bootstrap-server $KTS_BOOTSTRAP_SERVER';

    it('the producer prompts, and ends with ^D', async () => {
      const one = terminal(`kts console-producer ${server} --topic typed`, strict);
      await one.until('>');
      one.keys('hello', 'Enter');
      await one.until(/>hello\n>/);
      one.keys('world', 'Enter');
      await one.until(/>world\n>/);
      one.keys('C-d');
      expect(await one.until('[exit')).toMatch(/^>hello\n>world\n>\[exit 0\]$/);
    });

    it('the producer ends with ^C', async () => {
      const one = terminal(`kts console-producer ${server} --topic typed`, strict);
      await one.until('>');
      one.keys('C-c');
      expect(await one.until('[exit')).toBe('>^C[exit 130]');
    });

    it('the producer refuses a line without a key', async () => {
      const reader = '--reader-property parse.key=true --reader-property key.separator=:';
      const one = terminal(`kts console-producer ${server} --topic p-kv ${reader}`, strict);
      await one.until('>');
      one.keys('nosep', 'Enter');
      const screen = await one.until('[exit');
      expect(screen).toMatch(/^>nosep\norg\.apache\.kafka\.common\.KafkaException: No key separator found on line/);
      expect(screen).toMatch(/\[exit 1\]$/);
    });

    it('the consumer prints the same as without one, and its totals at ^C', async () => {
      const one = terminal(`kts console-consumer ${server} --topic orders --from-beginning`, strict);
      await one.until('world');
      one.keys('C-c');
      expect(await one.until('[exit')).toBe('hello\nworld\n^CProcessed a total of 2 messages\n[exit 130]');
    });

    it('a list has neither colour nor columns', async () => {
      const one = terminal(`kts topics ${server} --list --exclude-internal`, strict);
      await one.until('[exit');
      expect(one.screen(true)).toBe('chinese\norders\np-kv\ntyped\n[exit 0]');
    });
  });

  describe('as kts', () => {
    it('asks for a topic that is missing', async () => {
      const one = terminal(
        'kts topics --describe orders >/dev/null; kts console-consumer --from-beginning --max-messages 1',
      );
      await one.until(/which topic shall be read/);
      one.keys('orders', 'Enter');
      expect(await one.until('[exit')).toMatch(/hello\nProcessed a total of 1 messages\n\[exit 0\]$/);
    });

    it('colours what it prints, unless NO_COLOR is set', async () => {
      const coloured = terminal('kts topics --list; kts topics --describe nowhere');
      await coloured.until('[exit');
      expect(coloured.screen(true)).toContain('\u001b[36morders');
      expect(coloured.screen(true)).toContain('\u001b[31mkts:');
      const plain = terminal('kts topics --list; kts topics --describe nowhere', { NO_COLOR: '1' });
      expect(await plain.until('[exit')).toContain('orders');
      expect(plain.screen(true)).not.toContain('\u001b[');
    });

    it('lines up columns of wide characters', async () => {
      const one = terminal('kts console-consumer chinese --to now --output table', { NO_COLOR: '1' });
      const lines = (await one.until('[exit'))
        .split('\n')
        .filter((line) => /^ +0 /.test(line) || line.startsWith('PART'));
      const column = (text: string) => [...text].reduce((sum, character) => sum + (character > '\u2e80' ? 2 : 1), 0);
      const starts = ['VALUE', '值', 'value', '一個比'].map((word, i) => {
        const line = lines[i] as string;
        return column(line.slice(0, line.lastIndexOf(word)));
      });
      expect(new Set(starts).size).toBe(1);
    });

    it('draws what is watched anew when the terminal becomes another', async () => {
      const one = terminal('kts topics --list --watch 1', { NO_COLOR: '1' });
      await one.until('TOPIC');
      one.resize(60, 12);
      await one.until('TOPIC');
      one.keys('C-c');
      expect(await one.until('[exit')).toMatch(/\[exit (?:0|130)\]$/);
    });

    it('ends quietly when nobody reads on', async () => {
      const one = terminal(
        'kts console-consumer chinese --from-beginning | head -1; kts topics --list | true; echo end',
      );
      expect(await one.until('[exit')).toBe('值\nend\n[exit 0]');
    });

    it('commits and prints totals at Ctrl-C', async () => {
      const one = terminal('kts console-consumer orders --group readers --from-beginning', { NO_COLOR: '1' });
      await one.until('world');
      one.keys('C-c');
      expect(await one.until('[exit')).toMatch(/Processed a total of 2 messages\n\[exit 130\]$/);
      const server = ['--bootstrap-server', broker.bootstrapServers];
      const words = ['consumer-groups', '--describe', '--group', 'readers', '--output', 'json'];
      const { stdout } = await runTool([...words, ...server]);
      expect(JSON.parse(stdout)).toMatchObject([{ offsets: [{ topic: 'orders', currentOffset: 2 }] }]);
    });
  });

  describe('completion', () => {
    /** The shell with the completion loaded, and `kts` on its path. */
    function shell(name: string, start: string): Terminal {
      const bin = path.join(directory, 'bin');
      fs.mkdirSync(bin, { recursive: true });
      const script = `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`;
      fs.writeFileSync(path.join(bin, 'kts'), script, { mode: 0o755 });
      const environment = `PATH=${bin}:$PATH HOME=${directory} KTS_BOOTSTRAP_SERVER=${broker.bootstrapServers}`;
      const one = new Terminal();
      terminals.push(one);
      one.run('', `env ${environment} ${start}`);
      if (name === 'bash') one.keys('PS1="$ "; source <(kts completion bash); clear', 'Enter');
      else if (name === 'zsh')
        one.keys('PS1="$ "; autoload -U compinit; compinit -u; source <(kts completion zsh); clear', 'Enter');
      else one.keys('kts completion fish | source; clear', 'Enter');
      return one;
    }

    const shells = [
      ['bash', 'bash --norc -i'],
      ['zsh', 'zsh -f -i'],
      ['fish', 'fish --no-config -i'],
    ] as const;

    it.each(shells.filter(([name]) => spawnSync(name, ['--version']).status === 0))(
      '%s knows options and the names of topics',
      async (name, start) => {
        const one = shell(name, start);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        one.keys('kts topics --descr', 'Tab');
        await one.until('kts topics --describe');
        one.keys('chin', 'Tab');
        await one.until('kts topics --describe chinese');
      },
    );
  });
});
