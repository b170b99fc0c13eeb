/** What a listener says of its APIs: its own rows, and for forwarded requests no more than the controller takes. */
import { describe, expect, it } from 'vitest';
import { apiVersionsAnswer, type FeatureVersions } from '../../src/network/api-versions.ts';
import { type ApiRow, handlerTable } from '../../src/network/handler.ts';
import type { VersionRange } from '../../src/network/link.ts';
import { ApiKey } from '../../src/protocol/api-keys.ts';

const row = (apiKey: number, minVersion: number, maxVersion: number) =>
  ({ apiKey, minVersion, maxVersion }) as unknown as ApiRow;
const TABLE = handlerTable([row(ApiKey.Produce, 0, 13), row(ApiKey.CreateTopics, 2, 7)]);

function ranges(ofController?: FeatureVersions['ofController']): Record<number, [number, number]> {
  const features = { supported: [], finalizedEpoch: -1, finalized: [] };
  const given = ofController === undefined ? features : { ...features, ofController };
  const { apiKeys } = apiVersionsAnswer(TABLE, 4, given);
  return Object.fromEntries(apiKeys.map((one) => [one.apiKey, [one.minVersion, one.maxVersion]]));
}

describe('the versions of a forwarded request', () => {
  it.each<[string, VersionRange | undefined | null, [number, number] | undefined]>([
    ['are the own ones while no controller has told', null, [2, 7]],
    ['are those of both sides', { min: 3, max: 6 }, [3, 6]],
    ['are no more than the own ones', { min: 0, max: 99 }, [2, 7]],
    ['are none when the two have nothing in common', { min: 8, max: 9 }, undefined],
    ['are none when the controller does not know it', undefined, undefined],
  ])('%s', (_what, limit, expected) => {
    const found = ranges(() => limit);
    expect(found[ApiKey.CreateTopics]).toEqual(expected);
    expect(found[ApiKey.Produce]).toEqual([0, 13]);
  });

  it('are the own ones on a listener that forwards nothing', () => {
    expect(ranges()[ApiKey.CreateTopics]).toEqual([2, 7]);
  });
});
