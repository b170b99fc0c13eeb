/** AlterClientQuotas (API key 49). */
import { array, bool, type Decoded, float64, int16, int32, message, string, struct } from '../schema.ts';

export const alterClientQuotasRequest = message(
  {
    name: 'AlterClientQuotasRequest',
    kind: 'request',
    apiKey: 49,
    versions: '0-1',
    flexible: '1+',
    listeners: ['broker', 'controller'],
  },
  {
    entries: array(
      struct('EntryData', {
        entity: array(
          struct('EntityData', {
            entityType: string('0+'),
            entityName: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
        ops: array(
          struct('OpData', {
            key: string('0+'),
            value: float64('0+'),
            remove: bool('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    validateOnly: bool('0+'),
  },
);
export type AlterClientQuotasRequest = Decoded<typeof alterClientQuotasRequest>;

export const alterClientQuotasResponse = message(
  { name: 'AlterClientQuotasResponse', kind: 'response', apiKey: 49, versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32('0+'),
    entries: array(
      struct('EntryData', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        entity: array(
          struct('EntityData', {
            entityType: string('0+'),
            entityName: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterClientQuotasResponse = Decoded<typeof alterClientQuotasResponse>;
