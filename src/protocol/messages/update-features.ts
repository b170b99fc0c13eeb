/** UpdateFeatures (API key 57). */
import { array, bool, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const updateFeaturesRequest = message(
  {
    name: 'UpdateFeaturesRequest',
    kind: 'request',
    apiKey: 57,
    versions: '0-2',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    timeoutMs: int32('0+', { default: 60000 }),
    featureUpdates: array(
      struct('FeatureUpdateKey', {
        feature: string('0+', { mapKey: true }),
        maxVersionLevel: int16('0+'),
        allowDowngrade: bool('0', { default: false }),
        upgradeType: int8('1+', { default: 1 }),
      }),
      '0+',
    ),
    validateOnly: bool('1+', { default: false }),
  },
);
export type UpdateFeaturesRequest = Decoded<typeof updateFeaturesRequest>;

export const updateFeaturesResponse = message(
  { name: 'UpdateFeaturesResponse', kind: 'response', apiKey: 57, versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array(
      struct('UpdatableFeatureResult', {
        feature: string('0+', { mapKey: true }),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
      '0-1',
      { default: [], ignorable: true },
    ),
  },
);
export type UpdateFeaturesResponse = Decoded<typeof updateFeaturesResponse>;
