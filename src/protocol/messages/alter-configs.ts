/** AlterConfigs (API key 33). */
import { array, bool, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const alterConfigsRequest = message(
  {
    name: 'AlterConfigsRequest',
    kind: 'request',
    apiKey: 33,
    versions: '0-2',
    flexible: '2+',
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
export type AlterConfigsRequest = Decoded<typeof alterConfigsRequest>;

export const alterConfigsResponse = message(
  { name: 'AlterConfigsResponse', kind: 'response', apiKey: 33, versions: '0-2', flexible: '2+' },
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
export type AlterConfigsResponse = Decoded<typeof alterConfigsResponse>;
