/**
 * One member of an ensemble as zkServer.sh knows it: its file, its process, and what it says of itself. The process is
 * found by the pid that its start wrote into dataDir, and only while it is a controller of ours.
 */
import { dirname, join, resolve } from 'node:path';
import { Deadline, pause } from '../../client/backoff.ts';
import { readZooConfig } from '../../config/zoo-config.ts';
import { ensembleView } from '../../network/ensemble-view.ts';
import { kill, ownProcesses, startDetached, terminate } from '../../runtime/node-children.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { ENSEMBLE_CLASS } from '../java-classes.ts';
import { ensembleMembers } from '../nodes/kts-processes.ts';

export type MemberMode = 'leader' | 'follower' | 'standalone';

/** Where a member that listens everywhere is asked. */
export const LOOPBACK = '127.0.0.1';

const STEP_MS = 25;
const START_PATIENCE_MS = 10_000;
const STOP_PATIENCE_MS = 20_000;

export interface MemberOptions {
  readonly runtime: Runtime;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly config: string;
  readonly logDirectory: string;
  readonly hostname: string;
}

export class EnsembleMember {
  readonly #options: MemberOptions;
  readonly #dataDir: string;
  readonly #nodeId: number;
  readonly #isAlone: boolean;
  readonly clientPort: number;
  /** Where the member is asked on this host. */
  readonly clientAddress: string;
  /** What stands for what. */
  readonly note: string;

  constructor(options: MemberOptions) {
    this.#options = options;
    const member = readZooConfig({ path: options.config, hostname: options.hostname }, options.runtime.files);
    this.#dataDir = member.dataDir;
    this.#nodeId = Number(member.properties.get('node.id'));
    this.#isAlone = member.ensemble === null;
    this.clientPort = member.clientPort;
    this.clientAddress = member.clientHost === '' ? LOOPBACK : member.clientHost;
    this.note = member.note;
  }

  /** Where its process prints. */
  get outputFile(): string {
    return join(this.#options.logDirectory, 'zookeeper.out');
  }

  get pidFile(): string {
    return join(this.#dataDir, 'zookeeper_server.pid');
  }

  get hasPidFile(): boolean {
    return this.#options.runtime.files.statSync(this.pidFile) !== null;
  }

  /** Null when it does not run. */
  get pid(): number | null {
    if (!this.hasPidFile) return null;
    const pid = Number(this.#options.runtime.files.readFileSync(this.pidFile).toString('utf8'));
    return ensembleMembers(ownProcesses()).some((member) => member.pid === pid) ? pid : null;
  }

  /** Null once it listens at the client port; else the reason why it does not. */
  async start(): Promise<string | null> {
    const { env, logDirectory, config, runtime } = this.#options;
    // Whoever listens there would be taken for the member.
    if (await this.#listens()) return `another program listens on ${this.clientAddress}:${this.clientPort}`;
    runtime.files.makeDirectorySync(this.#dataDir);
    const environment = { ...env, LOG_DIR: logDirectory };
    const { outputFile } = this;
    const pid = startDetached([ENSEMBLE_CLASS, config], { argv0: 'java', outputFile, env: environment });
    runtime.files.replaceFileSync(this.pidFile, String(pid));
    const started = await this.#until(START_PATIENCE_MS, async () => {
      if (this.pid === null) return false;
      return (await this.#listens()) ? true : null;
    });
    return started ? null : `${outputFile} says why`;
  }

  /** What a process left that was killed. */
  forget(): void {
    this.#options.runtime.files.removeSync(this.pidFile);
  }

  /** False when it would not end by itself and was killed. */
  async stop(pid: number): Promise<boolean> {
    terminate(pid);
    const ended = await this.#until(STOP_PATIENCE_MS, async () => (this.pid === null ? true : null));
    if (!ended) kill(pid);
    this.forget();
    return ended;
  }

  /** Null when it does not answer, or its ensemble has no leader. */
  async mode(): Promise<MemberMode | null> {
    const view = await ensembleView([{ host: this.clientAddress, port: this.clientPort }], this.#options.runtime);
    if (view === null || view.controllerId < 0) return null;
    if (this.#isAlone) return 'standalone';
    return view.controllerId === this.#nodeId ? 'leader' : 'follower';
  }

  async #listens(): Promise<boolean> {
    const address = { host: this.clientAddress, port: this.clientPort, timeoutMs: 1_000 };
    try {
      (await this.#options.runtime.sockets.connect(address)).destroy();
      return true;
    } catch {
      return false;
    }
  }

  /** `look` answers null while there is nothing to say yet; false when the time is over. */
  async #until(patienceMs: number, look: () => Promise<boolean | null>): Promise<boolean> {
    const { runtime } = this.#options;
    const deadline = new Deadline(runtime, patienceMs);
    while (!deadline.passed) {
      const answer = await look();
      if (answer !== null) return answer;
      await pause(runtime, STEP_MS);
    }
    return false;
  }
}

/** As zkEnv.sh finds it: a name alone lies in ZOOCFGDIR, beside the scripts' folder. */
export function zooConfigPath(word: string | undefined, env: NodeJS.ProcessEnv, workingDirectory: string): string {
  const name = word ?? env['ZOOCFG'] ?? 'zoo.cfg';
  const folder = env['ZOOCFGDIR'] ?? 'conf';
  return resolve(workingDirectory, dirname(name) === '.' && word !== `./${name}` ? join(folder, name) : name);
}
