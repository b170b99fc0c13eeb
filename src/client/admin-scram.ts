/** SCRAM credentials of users: described, set and removed. A password is salted here; it never leaves the client. */
import { api } from '../network/api.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
} from '../protocol/messages/alter-user-scram-credentials.ts';
import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
} from '../protocol/messages/describe-user-scram-credentials.ts';
import { cryptoModule } from '../runtime/builtin-modules.ts';
import type { ClusterView } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const DESCRIBE = api(describeUserScramCredentialsRequest, describeUserScramCredentialsResponse);
const ALTER = api(alterUserScramCredentialsRequest, alterUserScramCredentialsResponse);

const MECHANISMS = {
  'SCRAM-SHA-256': { code: 1, hash: 'sha256', keyBytes: 32 },
  'SCRAM-SHA-512': { code: 2, hash: 'sha512', keyBytes: 64 },
} as const;

export type ScramMechanism = keyof typeof MECHANISMS;
export const SCRAM_MECHANISMS = Object.keys(MECHANISMS) as readonly ScramMechanism[];

const SALT_BYTES = 20;
/** More are refused by every controller. */
export const MAX_ITERATIONS = 16384;

export interface ScramCredential {
  /** `UNKNOWN`: one that this client does not know yet. */
  readonly mechanism: ScramMechanism | 'UNKNOWN';
  readonly iterations: number;
}

export interface UserScramCredentials {
  readonly user: string;
  readonly credentials: readonly ScramCredential[] | KafkaError;
}

/** Of these users, of all when none are named. Users without credentials are left out. */
export async function describeScramCredentials(
  cluster: ClusterView,
  users: readonly string[],
): Promise<UserScramCredentials[]> {
  const asked = users.length === 0 ? null : users.map((name) => ({ name }));
  const response = await cluster.call(DESCRIBE, { users: asked }, { doing: 'describeUserScramCredentials' });
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  return response.results
    .filter(({ errorCode }) => errorCode !== ErrorCode.RESOURCE_NOT_FOUND)
    .map(({ user, errorCode, errorMessage, credentialInfos }) => ({
      user,
      credentials:
        errorCode !== 0
          ? toKafkaError(errorCode, errorMessage)
          : credentialInfos.map(({ mechanism, iterations }) => ({ mechanism: nameOf(mechanism), iterations })),
    }));
}

function nameOf(code: number): ScramCredential['mechanism'] {
  return SCRAM_MECHANISMS.find((name) => MECHANISMS[name].code === code) ?? 'UNKNOWN';
}

export interface ScramUpsertion {
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
  readonly password: string;
}

export interface ScramChanges {
  readonly upsertions: readonly ScramUpsertion[];
  readonly deletions: readonly ScramMechanism[];
}

/** A password is not salted for minutes only to be refused: what the controllers would say is said before. */
export async function alterScramCredentials(cluster: ClusterView, user: string, changes: ScramChanges): Promise<void> {
  if (changes.upsertions.some(({ iterations }) => iterations > MAX_ITERATIONS)) {
    throw new KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too many iterations');
  }
  const response = await cluster.call(
    ALTER,
    {
      deletions: changes.deletions.map((mechanism) => ({ name: user, mechanism: MECHANISMS[mechanism].code })),
      upsertions: changes.upsertions.map(({ mechanism, iterations, password }) => {
        const { code, hash, keyBytes } = MECHANISMS[mechanism];
        const salt = Buffer.from(cluster.runtime.random.bytes(SALT_BYTES));
        const saltedPassword = cryptoModule().pbkdf2Sync(password, salt, iterations, keyBytes, hash);
        return { name: user, mechanism: code, iterations, salt, saltedPassword };
      }),
    },
    { doing: 'alterUserScramCredentials' },
  );
  for (const { errorCode, errorMessage } of response.results) {
    if (errorCode !== 0) throw toKafkaError(errorCode, errorMessage);
  }
}
