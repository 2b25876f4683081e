about='The file system on which the application makes its files is full'
site() {
    app_on_small_disk
}
damage() {
    small_disk_fills
}

exit=2 status=cause-found cause=upstream-down recommended=
says='No space left on device.* Full is /srv/data: make room there first'
