/** ListConfigResources (API key 74). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const listConfigResourcesRequest = message(
  {
    name: 'ListConfigResourcesRequest',
    kind: 'request',
    apiKey: 74,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    resourceTypes: array('int8', '1+', { default: [] }),
  },
);
export type ListConfigResourcesRequest = Decoded<typeof listConfigResourcesRequest>;

export const listConfigResourcesResponse = message(
  { name: 'ListConfigResourcesResponse', kind: 'response', apiKey: 74, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    configResources: array(
      struct('ConfigResource', {
        resourceName: string('0+'),
        resourceType: int8('1+', { default: 16, ignorable: true }),
      }),
      '0+',
    ),
  },
);
export type ListConfigResourcesResponse = Decoded<typeof listConfigResourcesResponse>;
