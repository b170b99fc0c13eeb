// Prints `PASSED FAILED` of one vitest JSON report; a report that is missing counts as one failure.
import fs from 'node:fs';
import process from 'node:process';

function counts(file) {
  try {
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    // A file that could not be loaded, or whose preparation failed, has no test that failed.
    const hasFailure = (file) => file.assertionResults.some((one) => one.status === 'failed');
    const broken = report.testResults.filter((file) => file.status === 'failed' && !hasFailure(file)).length;
    return [report.numPassedTests, report.numFailedTests + broken];
  } catch {
    return [0, 1];
  }
}

console.log(counts(process.argv[2]).join(' '));
