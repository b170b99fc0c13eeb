/** IncrementalAlterConfigs (API key 44). */
import { array, bool, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const incrementalAlterConfigsRequest = message(
  {
    name: 'IncrementalAlterConfigsRequest',
    kind: 'request',
    apiKey: 44,
    versions: '0-1',
    flexible: '1+',
    listeners: ['broker', 'controller'],
  },
  {
    resources: array(
      struct('AlterConfigsResource', {
        resourceType: int8('0+', { mapKey: true }),
        resourceName: string('0+', { mapKey: true }),
        configs: array(
          struct('AlterableConfig', {
            name: string('0+', { mapKey: true }),
            configOperation: int8('0+', { mapKey: true }),
            value: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    validateOnly: bool('0+'),
  },
);
export type IncrementalAlterConfigsRequest = Decoded<typeof incrementalAlterConfigsRequest>;

export const incrementalAlterConfigsResponse = message(
  { name: 'IncrementalAlterConfigsResponse', kind: 'response', apiKey: 44, versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32('0+'),
    responses: array(
      struct('AlterConfigsResourceResponse', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        resourceType: int8('0+'),
        resourceName: string('0+'),
      }),
      '0+',
    ),
  },
);
export type IncrementalAlterConfigsResponse = Decoded<typeof incrementalAlterConfigsResponse>;
