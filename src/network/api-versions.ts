/**
 * The answer to ApiVersions: it derives from the rows of the listener's handler table, so that nothing is advertised
 * that is not handled.
 */

import { ApiKey } from '../protocol/api-keys.ts';
import { apiVersionsResponse } from '../protocol/messages/api-versions.ts';
import type { Encodable } from '../protocol/schema.ts';
import type { HandlerTable } from './handler.ts';
import type { VersionRange } from './link.ts';

export type ApiVersionsAnswer = Encodable<typeof apiVersionsResponse>;

export const API_VERSIONS_MAX = apiVersionsResponse.validVersions?.max ?? 0;

export interface FeatureVersions {
  readonly supported: readonly { readonly name: string; readonly minVersion: number; readonly maxVersion: number }[];
  /** -1 while nothing is known to be finalized. */
  readonly finalizedEpoch: number;
  readonly finalized: readonly { readonly name: string; readonly level: number }[];
  /** What the active controller has of an API: undefined where it lacks it, null where that is not known. */
  readonly ofController?: (apiKey: number) => VersionRange | undefined | null;
}

/** Requests that a broker passes on: it can take only what the controller takes. */
const FORWARDED = new Set<number>([
  ApiKey.CreateTopics,
  ApiKey.DeleteTopics,
  ApiKey.CreateAcls,
  ApiKey.DeleteAcls,
  ApiKey.AlterConfigs,
  ApiKey.CreatePartitions,
  ApiKey.CreateDelegationToken,
  ApiKey.RenewDelegationToken,
  ApiKey.ExpireDelegationToken,
  ApiKey.ElectLeaders,
  ApiKey.IncrementalAlterConfigs,
  ApiKey.AlterPartitionReassignments,
  ApiKey.ListPartitionReassignments,
  ApiKey.AlterClientQuotas,
  ApiKey.AlterUserScramCredentials,
  ApiKey.DescribeQuorum,
  ApiKey.UpdateFeatures,
  ApiKey.UnregisterBroker,
  ApiKey.AddRaftVoter,
  ApiKey.RemoveRaftVoter,
]);

const UNSUPPORTED_VERSION = 35;
const INVALID_REQUEST = 42;

const OWN_RANGE = { apiKey: ApiKey.ApiVersions, minVersion: 0, maxVersion: API_VERSIONS_MAX };

/** What client software may call itself (KIP-511). */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

export function isSoftwareName(text: string): boolean {
  return SOFTWARE.test(text);
}

/** Answered as version 0 to a version that is not known, with the one range that the client needs to try again. */
export const UNSUPPORTED_API_VERSIONS: ApiVersionsAnswer = { errorCode: UNSUPPORTED_VERSION, apiKeys: [OWN_RANGE] };

export const INVALID_API_VERSIONS: ApiVersionsAnswer = { errorCode: INVALID_REQUEST, apiKeys: [] };

export function apiVersionsAnswer(table: HandlerTable, version: number, features: FeatureVersions): ApiVersionsAnswer {
  const apiKeys = [...table.values()].flatMap((row) => {
    const { apiKey, minVersion, maxVersion } = row;
    const limit = FORWARDED.has(apiKey) && features.ofController ? features.ofController(apiKey) : null;
    if (limit === undefined) return [];
    if (limit === null) return [{ apiKey, minVersion, maxVersion }];
    const both = { apiKey, minVersion: Math.max(minVersion, limit.min), maxVersion: Math.min(maxVersion, limit.max) };
    return both.minVersion <= both.maxVersion ? [both] : [];
  });
  if (!table.has(ApiKey.ApiVersions)) apiKeys.push(OWN_RANGE);
  apiKeys.sort((one, other) => one.apiKey - other.apiKey);
  if (version < 3) return { errorCode: 0, apiKeys };
  return {
    errorCode: 0,
    apiKeys,
    supportedFeatures: supportedFeatures(features, version),
    finalizedFeaturesEpoch: features.finalizedEpoch,
    finalizedFeatures: features.finalized
      .filter(({ level }) => level > 0)
      .map(({ name, level }) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
  };
}

/** Clients before version 4 cannot read a feature whose minimum is 0 (KAFKA-17011): it is kept from them, as Kafka does. */
function supportedFeatures(features: FeatureVersions, version: number): FeatureVersions['supported'] {
  return version >= 4 ? features.supported : features.supported.filter(({ minVersion }) => minVersion > 0);
}
