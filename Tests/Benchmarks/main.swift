BenchMain.run()
