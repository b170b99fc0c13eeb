/**
 * Runs a script against one pure Quorum and writes down what it does, in the order in which it has to happen: what is
 * persisted, what is answered, what is sent. A script is a list of blocks: a command, `----`, the expected trace.
 */
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { errorName } from '../../src/protocol/error-codes.ts';
import type { ElectionAsk, RaftAnswer } from '../../src/raft/messages.ts';
import { Quorum } from '../../src/raft/quorum.ts';
import { DEFAULT_TIMEOUTS, type QuorumStep } from '../../src/raft/quorum-options.ts';
import { NO_ELECTION } from '../../src/raft/quorum-state.ts';
import { staticVoter, type Voter } from '../../src/raft/voters.ts';

interface Block {
  readonly command: string;
  readonly trace: string;
}

export function parseScript(text: string): Block[] {
  const blocks: Block[] = [];
  for (const part of text.split(/\n{2,}/)) {
    const [command = '', trace] = part.trim().split(/\n?----\n?/);
    // What has no trace is a comment.
    if (trace !== undefined) blocks.push({ command: command.trim(), trace: trace.trim() });
  }
  return blocks;
}

/** The script with the traces that came, for whoever writes one. */
export function renderScript(text: string, traces: readonly string[]): string {
  let index = 0;
  return text
    .trimEnd()
    .split(/\n{2,}/)
    .map((part) => {
      const at = part.indexOf('----');
      return at < 0 ? part : `${part.slice(0, at)}----\n${traces[index++]}`;
    })
    .join('\n\n')
    .concat('\n');
}

const NO_ANSWER: RaftAnswer = { errorCode: 0, errorMessage: null, leaderId: -1, epoch: -1, nodes: [] };

/** `from=2 epoch=1 pre` as a map; words without a value are ''. */
function words(text: string): Map<string, string> {
  return new Map(
    text
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => {
        const [key = '', value = ''] = word.split('=');
        return [key, value];
      }),
  );
}

export class ScriptRun {
  #quorum: Quorum | null = null;
  #log = { epoch: 0, end: 0 };
  #nowMs = 0;
  #lines: string[] = [];
  readonly #asked = new Map<number, ElectionAsk>();
  readonly #askedBefore = new Map<number, ElectionAsk>();

  get #q(): Quorum {
    if (this.#quorum === null) throw new Error('a script begins with `quorum`');
    return this.#quorum;
  }

  run(command: string): string {
    this.#lines = [];
    for (const line of command.split('\n')) if (!line.startsWith('#')) this.#do(line.trim());
    return this.#lines.join('\n');
  }

  #do(line: string): void {
    const [verb = '', ...rest] = line.split(/\s+/);
    const args = words(rest.join(' '));
    const int = (name: string, fallback = -1): number => Number(args.get(name) ?? fallback);
    const from = int('from');
    const first = Number(rest[0]);
    switch (verb) {
      case 'quorum':
        this.#make(args);
        return;
      case 'tick':
        this.#nowMs += first;
        this.#take(this.#q.tick(this.#nowMs));
        return;
      case 'log':
        this.#setLog(rest[0] ?? '0:0');
        return;
      case 'vote':
        this.#vote(from, args);
        return;
      case 'begin':
        this.#answered(
          this.#q.begin(
            {
              kind: 'begin',
              clusterId: args.get('cluster') ?? 'c',
              voter: this.#key(int('to', this.#q.local.id)),
              leaderId: from,
              epoch: int('epoch'),
              endpoints: [],
            },
            this.#nowMs,
          ),
        );
        return;
      case 'end': {
        const candidates = (args.get('candidates') ?? '').split(',').filter((id) => id !== '');
        const ask = {
          kind: 'end',
          clusterId: 'c',
          leaderId: from,
          epoch: int('epoch'),
          candidates: candidates.map((id) => this.#key(Number(id))),
        } as const;
        this.#answered(this.#q.end(ask, this.#nowMs));
        return;
      }
      case 'granted':
      case 'refused':
      case 'told':
        this.#reply(first, verb === 'granted', args);
        return;
      case 'late':
        this.#take(this.#q.answered(this.#late(first), { ...NO_ANSWER, granted: true }, first, this.#nowMs));
        return;
      case 'failed':
        this.#take(this.#q.failed(this.#ask(first), first, this.#nowMs));
        return;
      case 'leads':
        this.#take(this.#q.discovered(from, int('epoch'), this.#nowMs));
        return;
      case 'gone':
        this.#take(this.#q.gone(first, this.#nowMs));
        return;
      case 'resign':
        this.#take(this.#q.resign(this.#nowMs));
        return;
      case 'fetch-answered':
        this.#q.leaderAnswered(this.#nowMs);
        this.#take(this.#q.tick(this.#nowMs));
        return;
      case 'append':
        this.#append(first);
        return;
      case 'durable':
        this.#hw(this.#q.localLogIsDurable(first));
        return;
      case 'fetch':
        this.#fetch(from, int('offset'));
        return;
      case 'voters':
        this.#hw(this.#q.updateVoters(this.#voters(rest[0] ?? ''), this.#nowMs));
        return;
      default:
        throw new Error(`unknown command: ${line}`);
    }
  }

  #key(id: number) {
    return { id, directoryId: ZERO_UUID };
  }

  #voters(text: string): Voter[] {
    return text.split(',').map((id) => staticVoter(Number(id), { name: 'CONTROLLER', host: 'n', port: Number(id) }));
  }

  #make(args: Map<string, string>): void {
    const election = { ...NO_ELECTION };
    this.#setLog(args.get('log') ?? '0:0');
    const stored = {
      epoch: Number(args.get('epoch') ?? 0),
      leaderId: Number(args.get('leader') ?? -1),
      votedId: Number(args.get('voted') ?? -1),
    };
    const quorum = new Quorum({
      localId: Number(args.get('id')),
      localDirectoryId: ZERO_UUID,
      clusterId: 'c',
      voters: this.#voters(args.get('voters') ?? ''),
      wasVoter: () => false,
      canVote: true,
      election: { ...election, ...stored },
      log: { endOffset: () => this.#log.end, lastEpoch: () => this.#log.epoch },
      timeouts: DEFAULT_TIMEOUTS,
      random: { bytes: (size) => new Uint8Array(size), int: (limit) => limit >> 1 },
      prompt: args.has('prompt'),
      endpoints: [],
      nowMs: this.#nowMs,
    });
    this.#quorum = quorum;
    this.#sayRole();
  }

  #setLog(text: string): void {
    const [epoch = 0, end = 0] = text.split(':').map(Number);
    this.#log = { epoch, end };
  }

  #append(count: number): void {
    const { leader, epoch } = this.#q;
    if (leader !== null && leader.epochStartOffset < 0) this.#q.epochBegins(this.#log.end);
    this.#log = { epoch, end: this.#log.end + count };
    this.#lines.push(`log ${this.#log.epoch}:${this.#log.end}`);
  }

  #vote(from: number, args: Map<string, string>): void {
    const [lastEpoch = 0, endOffset = 0] = (args.get('log') ?? '0:0').split(':').map(Number);
    this.#answered(
      this.#q.vote(
        {
          kind: 'vote',
          clusterId: args.get('cluster') ?? 'c',
          voter: this.#key(Number(args.get('to') ?? this.#q.local.id)),
          epoch: Number(args.get('epoch')),
          candidate: this.#key(from),
          lastEpoch,
          endOffset,
          preVote: args.has('pre'),
        },
        this.#nowMs,
      ),
    );
  }

  #ask(peer: number): ElectionAsk {
    const ask = this.#asked.get(peer);
    if (ask === undefined) throw new Error(`node ${peer} was not asked anything`);
    return ask;
  }

  /** What was asked before the last. */
  #late(peer: number): ElectionAsk {
    const ask = this.#askedBefore.get(peer);
    if (ask === undefined) throw new Error(`node ${peer} was asked once at most`);
    return ask;
  }

  #reply(peer: number, granted: boolean, args: Map<string, string>): void {
    const answer: RaftAnswer = {
      errorCode: Number(args.get('error') ?? 0),
      errorMessage: null,
      leaderId: Number(args.get('leader') ?? -1),
      epoch: Number(args.get('epoch') ?? this.#ask(peer).epoch),
      nodes: [],
      granted,
    };
    this.#take(this.#q.answered(this.#ask(peer), answer, peer, this.#nowMs));
  }

  #fetch(from: number, offset: number): void {
    const ask = {
      kind: 'fetch',
      clusterId: 'c',
      replica: this.#key(from),
      epoch: this.#q.epoch,
      offset,
      lastEpoch: 0,
      highWatermark: -1,
      maxBytes: 1,
      maxWaitMs: 0,
    } as const;
    this.#hw(this.#q.fetched(ask, this.#nowMs));
  }

  #hw(rose: boolean): void {
    this.#lines.push(`high watermark ${this.#q.highWatermark}${rose ? '' : ' as before'}`);
  }

  #answered({ step, answer }: { step: QuorumStep; answer: RaftAnswer }): void {
    this.#take(step, () => {
      const verdict = answer.granted === undefined ? '' : answer.granted ? ' granted' : ' refused';
      const error = answer.errorCode === 0 ? '' : ` ${errorName(answer.errorCode)}`;
      const leader = answer.leaderId < 0 ? '' : `, ${answer.leaderId} leads`;
      this.#lines.push(`answer${verdict}${error} e${answer.epoch}${leader}`);
    });
  }

  #take(step: QuorumStep, between: () => void = () => {}): void {
    if (step.election !== null) {
      const { epoch, leaderId, votedId } = step.election;
      const voted = votedId < 0 ? '' : ` voted ${votedId}`;
      this.#lines.push(`persist e${epoch}${leaderId < 0 ? '' : ` leader ${leaderId}`}${voted}`);
    }
    between();
    if (step.changed) this.#sayRole();
    for (const { to, ask } of step.sends) {
      const before = this.#asked.get(to);
      if (before !== undefined) this.#askedBefore.set(to, before);
      this.#asked.set(to, ask);
      this.#lines.push(`-> ${to} ${askText(ask)}`);
    }
    if (this.#lines.length === 0) this.#lines.push('nothing');
  }

  #sayRole(): void {
    const { role, epoch, leaderId } = this.#q;
    const due = this.#q.deadlineMs();
    const next = Number.isFinite(due) ? `, due in ${Math.max(0, due - this.#nowMs)} ms` : '';
    this.#lines.push(
      `${role} e${epoch}${leaderId < 0 ? '' : ` leader ${leaderId}`}${role === 'follower' || role === 'unattached' ? '' : next}`,
    );
  }
}

function askText(ask: ElectionAsk): string {
  switch (ask.kind) {
    case 'vote':
      return `${ask.preVote ? 'pre-vote' : 'vote'} e${ask.epoch} log ${ask.lastEpoch}:${ask.endOffset}`;
    case 'begin':
      return `begin e${ask.epoch}`;
    case 'end':
      return `end e${ask.epoch} candidates ${ask.candidates.map(({ id }) => id).join(',') || 'none'}`;
  }
}
