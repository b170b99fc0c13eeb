/** Whether a name is an address or leads to one, as the machine's resolver has it. */

/** Never rejects. */
export async function isResolvable(host: string): Promise<boolean> {
  const { promises } = process.getBuiltinModule('node:dns');
  try {
    await promises.lookup(host);
    return true;
  } catch {
    return false;
  }
}
