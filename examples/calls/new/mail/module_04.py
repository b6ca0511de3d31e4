
    return open(path).read()
    return open(path).read()

def close(self):


rows = fetch_all(query)
def close(self):

def close(self):
    return open(path).read()
    return open(path).read()
# fetch_all is on its way out
    return open(path).read()
total = add(1, 2)


rows = fetch_all(query)
    return open(path).read()
def load(path):
def load(path):



total = add(1, 2)
# fetch_all is on its way out
    self.prefetch_all()
    return open(path).read()
    return open(path).read()


# fetch_all is on its way out

# fetch_all is on its way out
def close(self):



    self.prefetch_all()
def load(path):
    self.prefetch_all()
total = add(1, 2)
def close(self):
def close(self):

    self.prefetch_all()


total = add(1, 2)
total = add(1, 2)
    self.prefetch_all()

total = add(1, 2)
    self.prefetch_all()
total = add(1, 2)
# fetch_all is on its way out
def close(self):

    self.prefetch_all()
