/** ApiVersions (API key 18). */
import { array, bool, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const apiVersionsRequest = message(
  {
    name: 'ApiVersionsRequest',
    kind: 'request',
    apiKey: 18,
    versions: '0-4',
    flexible: '3+',
    listeners: ['broker', 'controller'],
  },
  {
    clientSoftwareName: string('3+', { default: '', ignorable: true }),
    clientSoftwareVersion: string('3+', { default: '', ignorable: true }),
  },
);
export type ApiVersionsRequest = Decoded<typeof apiVersionsRequest>;

export const apiVersionsResponse = message(
  { name: 'ApiVersionsResponse', kind: 'response', apiKey: 18, versions: '0-4', flexible: '3+' },
  {
    errorCode: int16('0+'),
    apiKeys: array(
      struct('ApiVersion', {
        apiKey: int16('0+', { mapKey: true }),
        minVersion: int16('0+'),
        maxVersion: int16('0+'),
      }),
      '0+',
    ),
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    supportedFeatures: array(
      struct('SupportedFeatureKey', {
        name: string('3+', { default: '', mapKey: true }),
        minVersion: int16('3+', { default: 0 }),
        maxVersion: int16('3+', { default: 0 }),
      }),
      '3+',
      { tagged: '3+', tag: 0, default: [], ignorable: true },
    ),
    finalizedFeaturesEpoch: int64('3+', { tagged: '3+', tag: 1, default: -1, ignorable: true }),
    finalizedFeatures: array(
      struct('FinalizedFeatureKey', {
        name: string('3+', { default: '', mapKey: true }),
        maxVersionLevel: int16('3+', { default: 0 }),
        minVersionLevel: int16('3+', { default: 0 }),
      }),
      '3+',
      { tagged: '3+', tag: 2, default: [], ignorable: true },
    ),
    zkMigrationReady: bool('3+', { tagged: '3+', tag: 3, default: false, ignorable: true }),
  },
);
export type ApiVersionsResponse = Decoded<typeof apiVersionsResponse>;
