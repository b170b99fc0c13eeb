// Prints `PASSED FAILED` of one vitest JSON report; a report that is missing counts as one failure.
import fs from 'node:fs';
import process from 'node:process';

function counts(file) {
  try {
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    // A file that could not even be loaded has no tests that could fail.
    const broken = report.testResults.filter(
      (one) => one.status === 'failed' && one.assertionResults.length === 0,
    ).length;
    return [report.numPassedTests, report.numFailedTests + broken];
  } catch {
    return [0, 1];
  }
}

console.log(counts(process.argv[2]).join(' '));
