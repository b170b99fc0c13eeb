/** One member of a classic group, with the requests of it that wait for an answer. */
import type { Deadline } from './deadlines.ts';

export interface MemberProtocol {
  readonly name: string;
  /** The member's own copy. */
  readonly metadata: Uint8Array;
}

/** The answer to a JoinGroup, before a version has shaped it. */
export interface JoinResult {
  readonly errorCode: number;
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly members: readonly JoinedMember[];
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Uint8Array;
}

export interface SyncResult {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export type Respond<Result> = (result: Result) => void;

export const NO_LEADER = '';
export const UNKNOWN_MEMBER_ID = '';
export const EMPTY_ASSIGNMENT: Uint8Array = new Uint8Array(0);

export function joinError(errorCode: number, memberId = UNKNOWN_MEMBER_ID): JoinResult {
  return {
    errorCode,
    memberId,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: NO_LEADER,
    skipAssignment: false,
    members: [],
  };
}

export function syncError(errorCode: number): SyncResult {
  return { errorCode, protocolType: null, protocolName: null, assignment: EMPTY_ASSIGNMENT };
}

export interface MemberDetails {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
  readonly assignment: Uint8Array;
}

export class ClassicMember {
  readonly memberId: string;
  /** Of a static member. */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: readonly MemberProtocol[];
  assignment: Uint8Array;
  /** Has joined for the first time and not yet been told of a generation. */
  isNew = false;
  awaitingJoin: Respond<JoinResult> | null = null;
  awaitingSync: Respond<SyncResult> | null = null;
  session: Deadline | null = null;

  constructor(details: MemberDetails) {
    this.memberId = details.memberId;
    this.groupInstanceId = details.groupInstanceId;
    this.clientId = details.clientId;
    this.clientHost = details.clientHost;
    this.protocolType = details.protocolType;
    this.rebalanceTimeoutMs = details.rebalanceTimeoutMs;
    this.sessionTimeoutMs = details.sessionTimeoutMs;
    this.protocols = details.protocols;
    this.assignment = details.assignment;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  /** A member whose request waits here needs no heartbeat to be alive, unless it has never had a generation. */
  get isHeardOf(): boolean {
    return !this.isNew && (this.awaitingJoin !== null || this.awaitingSync !== null);
  }

  supports(protocolName: string): boolean {
    return this.protocols.some((protocol) => protocol.name === protocolName);
  }

  /** The subscription under a protocol; undefined when the member does not support it. */
  metadata(protocolName: string): Uint8Array | undefined {
    return this.protocols.find((protocol) => protocol.name === protocolName)?.metadata;
  }

  /** Same protocols in the same order with the same metadata. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every((protocol, i) => {
        const own = this.protocols[i] as MemberProtocol;
        return own.name === protocol.name && Buffer.compare(own.metadata, protocol.metadata) === 0;
      })
    );
  }

  /** The member's first choice among the candidates. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.protocols.find((protocol) => candidates.has(protocol.name))?.name;
  }
}
