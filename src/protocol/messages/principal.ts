/** The principal that an Envelope carries. */
import { bool, type Decoded, message, string } from '../schema.ts';

export const defaultPrincipalData = message(
  { name: 'DefaultPrincipalData', kind: 'data', versions: '0', flexible: '0+' },
  {
    type: string('0+'),
    name: string('0+'),
    tokenAuthenticated: bool('0+'),
  },
);
export type DefaultPrincipalData = Decoded<typeof defaultPrincipalData>;
