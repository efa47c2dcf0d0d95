# SPDX-License-Identifier: GPL-2.0
#
# Print what the machine said, from the log of a job of LAVA, a line of YAML each. With archive=1 only
# what follows "lockfair: archive", without that; otherwise not that, nor the signals to LAVA.

!/"lvl": "target"/ { next }

{
	sub(/^.*"lvl": "target", "msg": "/, "")
	sub(/"}$/, "")
	if (index($0, "lockfair: archive ") == 1) {
		if (archive)
			print substr($0, 19)
	} else if (!archive && !/<LAVA_|^$/) {
		gsub(/\\t/, "\t")
		gsub(/\\"/, "\"")
		print
	}
}
