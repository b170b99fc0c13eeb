/** Keys whose values are shown to nobody. */
const SECRET = /password|secret|jaas|credential|\.key$|private|user\.info/i;

export function isSecretKey(key: string): boolean {
  return SECRET.test(key);
}
